"""Which detection belongs to which track."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

__all__ = ["Pairs", "assign", "overlap"]


class Pairs(NamedTuple):
    """Matched rows and columns, int64 (m,) each: row ``rows[i]`` belongs to ``columns[i]``."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]


def overlap(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return intersection over union of boxes (n, 4) with boxes (m, 4): float64 (n, m), 0..1."""
    # column by column: four small products cost a third of one reduction over (n, m, 2)
    a0, a1, a2, a3 = np.asarray(first, np.float64).reshape(-1, 4).T[:, :, None]
    b0, b1, b2, b3 = np.asarray(second, np.float64).reshape(-1, 4).T[:, None, :]
    shared = np.maximum(np.minimum(a2, b2) - np.maximum(a0, b0), 0.0)
    shared *= np.maximum(np.minimum(a3, b3) - np.maximum(a1, b1), 0.0)
    union = (a2 - a0) * (a3 - a1) + (b2 - b0) * (b3 - b1) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def assign(likeness: NDArray[np.float64], floor: float) -> Pairs:
    """Return the one-to-one pairs of greatest total likeness, each at least ``floor``.

    Args:
        likeness: float64 (n, m), greater is likelier.
        floor: pairs below it are never made.
    """
    if likeness.size == 0:
        nothing = np.empty(0, np.int64)
        return Pairs(nothing, nothing)
    # below the floor nothing is gained, so that a bad pair cannot push a good one aside
    likely = likeness >= floor
    rows, columns = linear_sum_assignment(np.where(likely, likeness, 0.0), maximize=True)
    good = likely[rows, columns]
    return Pairs(rows, columns) if good.all() else Pairs(rows[good], columns[good])
