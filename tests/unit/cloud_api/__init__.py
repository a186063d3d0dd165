"""Unit tests of the API: pure functions and flows."""
