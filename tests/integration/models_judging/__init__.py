"""Tests of judging and shrinking with a real network."""
