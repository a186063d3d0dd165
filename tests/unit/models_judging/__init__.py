"""Tests of judging detectors."""
