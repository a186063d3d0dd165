"""Attention: regions, size grid, still things, the two clocks, the ladder of load."""
