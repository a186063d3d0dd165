"""Tests of the commands that pull samples and models."""
