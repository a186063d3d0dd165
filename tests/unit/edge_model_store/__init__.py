"""Signed models on the box."""
