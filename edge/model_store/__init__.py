"""Signed models on the box: fetched, verified, tried, swapped between two frames, rolled back."""
