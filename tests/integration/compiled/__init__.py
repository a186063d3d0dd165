"""The gateway whose hot path is machine code."""
