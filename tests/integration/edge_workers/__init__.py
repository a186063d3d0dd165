"""Decoders and inference workers as real processes."""
