"""Packing and signing models, and telling the registry about them."""
