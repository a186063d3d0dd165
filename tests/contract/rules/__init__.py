"""Tests of the rule language and engine."""
