"""Tests of the catalogue of detectors."""
