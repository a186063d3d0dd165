"""Signed models on a whole box, fetched over real HTTP."""
