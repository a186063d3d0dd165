"""Packing, signing and verifying bundles."""
