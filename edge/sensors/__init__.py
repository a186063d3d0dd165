"""Sensor drivers behind one port: replayed, simulated, and a load generator."""
