"""Judging what the benchmark of the box measured."""
