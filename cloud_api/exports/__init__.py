"""Open formats out: tables, maps, event logs and warnings, streamed."""
