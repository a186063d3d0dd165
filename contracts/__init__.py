"""The wire vocabulary of cityloop: messages, topics, ids, units, levels and device profiles.

Everything here is a value or a pure function: no I/O, no clock, no import of another part.
"""
