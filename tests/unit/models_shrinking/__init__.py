"""Tests of shrinking detectors."""
