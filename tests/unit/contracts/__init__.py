"""Tests of the wire vocabulary."""
