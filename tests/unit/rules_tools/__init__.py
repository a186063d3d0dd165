"""Tests of the tools around rule packs."""
