"""Contract of the port through which simulated boxes speak."""
