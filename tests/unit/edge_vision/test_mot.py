"""MOTChallenge text."""

import numpy as np

from edge.vision.mot import mot_lines
from edge.vision.tracks import Tracks


def test_seen_tracks_are_written_and_predicted_ones_left_out() -> None:
    """Frames count from 1; a track that was only predicted has no line."""
    tracks = Tracks(
        np.array([3, 4], np.int64),
        np.array([[10, 20, 40, 100], [0, 0, 1, 1]], np.float32),
        np.array([0.5, 0.9], np.float32),
        np.zeros(2, np.int32),
        np.array([1.0, 1.0]),
        np.array([9, 9], np.int32),
        np.array([0.0, 0.4]),
        ("person",),
    )

    assert list(mot_lines([(7, tracks)])) == ["8,3,10.00,20.00,30.00,80.00,0.5000,-1,-1,-1"]


def test_no_tracks_no_lines() -> None:
    """An empty frame leaves no trace."""
    assert list(mot_lines([(0, Tracks.empty(("person",)))])) == []
