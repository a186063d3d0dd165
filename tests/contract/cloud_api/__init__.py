"""Contract tests of the API: one suite over SQLite and PostgreSQL."""
