"""In what two detectors agree about one frame."""

from typing import NamedTuple

import numpy as np

from edge.vision.association import assign, overlap
from edge.vision.detections import Detections

__all__ = ["Agreement", "agreement"]

_SAME_PLACE = 0.5
"""Overlap (0..1) from which two boxes are about one thing. Source: the usual IoU of PASCAL VOC."""


class Agreement(NamedTuple):
    """Things by what the two detectors say of them."""

    matched: int
    """Both found it and call it the same."""
    renamed: int
    """Both found it, and call it otherwise."""
    only_incumbent: int
    only_candidate: int

    @property
    def disputed(self) -> int:
        """Things about which they do not agree."""
        return self.renamed + self.only_incumbent + self.only_candidate


def agreement(incumbent: Detections, candidate: Detections) -> Agreement:
    """Return in what two detectors agree; both already cut at the confidence that they count from."""
    pairs = assign(overlap(incumbent.xyxy, candidate.xyxy), _SAME_PLACE)
    first, second = incumbent.labels(), candidate.labels()
    same = int(
        np.sum([first[a] == second[b] for a, b in zip(pairs.rows, pairs.columns, strict=True)])
    )
    found = len(pairs.rows)
    return Agreement(same, found - same, len(incumbent) - found, len(candidate) - found)
