"""Processes beside the agent: one decoder for each camera, as many inference workers as cores."""
