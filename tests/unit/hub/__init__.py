"""Tests of the hub and the doctor."""
