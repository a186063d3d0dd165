"""Signed models: what was published, which box should run which, and pictures that people review."""
