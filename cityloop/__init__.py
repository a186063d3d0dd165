"""The command line, the whole stack on one machine, and what drives all parts at once."""
