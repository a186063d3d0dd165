"""Timings of what matters: ``python -m benchmarks NAME --json``; not tests, nothing here asserts speed."""
