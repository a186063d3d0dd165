"""Trying things out before they are in force, with the very code that boxes and gateways run.

Each trial is a process of its own: it cannot hold up the API, and ends when its time or memory does.
"""
