"""The central API: events are taken in and read, cases are opened from them and acted on."""
