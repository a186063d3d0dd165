"""Cameras that need a kernel of their own."""
