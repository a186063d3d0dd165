"""A perceptual hash of a picture's grey levels: pictures that look alike have hashes that hardly differ; pure.

Source: N. Krawetz, "Kind of Like That", 2013 (dHash): whether each pixel of a small grey picture is darker than its
right neighbour. Here of 17 x 16 instead of 9 x 8 pixels, because cameras on masts see the same street all day, and
with 64 bits all their pictures look alike; and darker by some grey levels, because sky and asphalt have only noise.
"""

from collections.abc import Sequence
from itertools import pairwise

__all__ = ["COLUMNS", "HASH_BITS", "ROWS", "difference_bits"]

COLUMNS = 17
"""Pixels of a row of the small picture: one more than the bits of a row."""

ROWS = 16
"""Rows of the small picture."""

HASH_BITS = (COLUMNS - 1) * ROWS


def difference_bits(grey: Sequence[Sequence[float]], step: float) -> int:
    """Return the hash: a bit for each pixel but a row's last, row by row, the first one the highest of 256.

    Args:
        grey: :data:`ROWS` rows of :data:`COLUMNS` grey levels.
        step: grey levels by which the right neighbour must be brighter.
    """
    bits = 0
    for row in grey:
        for left, right in pairwise(row):
            bits = bits << 1 | (left + step < right)
    return bits
