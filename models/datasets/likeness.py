"""Pictures that look alike, found by the perceptual hashes of :mod:`contracts.picture_hash`."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.picture_hash import COLUMNS, HASH_BITS, ROWS, difference_bits

__all__ = ["HASH_BITS", "LIKE_BITS", "difference_hash", "like_pairs"]

_STEP = 3
"""Grey levels that a neighbour must be brighter: noise and JPEG then leave sky and asphalt alone."""

LIKE_BITS = 5
"""Up to so many of 256 bits differ between pictures that look alike. Source: tried on 400 drawn pictures:
the same picture in JPEG quality 50 differs in 5 at most, the next of its camera in more in 95 of 100 pairs."""

_ROWS = 128
"""Pictures that are compared with all at a time: 128 x 50,000 x 4 words are 205 MB."""


def difference_hash(pixels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the hash of a picture uint8 (h, w, 3): uint64 (4,)."""
    grey: Any = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    bits = difference_bits(small.tolist(), _STEP)
    return np.frombuffer(bits.to_bytes(HASH_BITS // 8, "big"), np.uint64)


def like_pairs(
    hashes: NDArray[np.uint64], most_bits: int = LIKE_BITS
) -> list[tuple[int, int, int]]:
    """Return (first, second, bits that differ) of all pairs that look alike, first < second.

    Args:
        hashes: uint64 (n, 4).
        most_bits: up to so many bits differ.
    """
    found: list[tuple[int, int, int]] = []
    for begin in range(0, len(hashes), _ROWS):
        rows = hashes[begin : begin + _ROWS]
        differ = np.bitwise_count(rows[:, None] ^ hashes[None, begin:]).sum(axis=-1)
        one, other = np.nonzero(differ <= most_bits)
        ahead = one < other
        found.extend(
            (begin + int(i), begin + int(j), int(differ[i, j]))
            for i, j in zip(one[ahead], other[ahead], strict=True)
        )
    return found
