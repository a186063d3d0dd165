"""Deadlines: working calendars, limits as data, the clocks of a case, and what they lead to."""
