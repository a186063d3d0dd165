"""Judging a detector on labelled pictures, with the code that runs on the box."""
