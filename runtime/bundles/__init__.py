"""Signed model bundles: what a model engineer packs, the API keeps and a box verifies."""
