"""Unit tests of edge.cameras and edge.vision."""
