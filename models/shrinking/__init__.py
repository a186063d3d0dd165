"""Smaller and faster variants of a detector, each held against the original before it may be used."""
