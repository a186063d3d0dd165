"""Cameras, models and clips as they really are."""
