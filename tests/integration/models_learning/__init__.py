"""Learning from what was hard, with everything that takes part."""
