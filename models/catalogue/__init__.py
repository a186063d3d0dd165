"""Detectors that can be had: what there is, under which licence, and how to fetch it."""
