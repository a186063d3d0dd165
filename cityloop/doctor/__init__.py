"""Checks a broker for the settings that lose messages in silence."""
