"""Which part of which frame deserves a detector: motion, regions, still things, full scans, load."""
