"""Cameras: how they do, what they last saw, and what is drawn on their pictures."""
