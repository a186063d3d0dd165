"""Decoders and inference workers, without starting any."""
