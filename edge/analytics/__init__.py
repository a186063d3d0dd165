"""What tracks mean: zones, lines and occupancy, as pure state machines on presentation time."""
