"""Killing every part in turn under load, and counting."""
