"""Tests of what the images rely on, without a container engine."""
