"""Somebody is told: who, through which channel, in which words, and what became of it."""
