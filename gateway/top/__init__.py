"""The gateway in a terminal: ``cityloop gateway top``."""
