"""Telemetry: every value of every device, beside the way of the alarms and never in it."""
