"""How far two distributions lie apart: the population stability index (PSI)."""

import math
from collections.abc import Hashable, Mapping
from enum import StrEnum
from typing import TypeVar

__all__ = ["MAJOR", "MODERATE", "Shift", "shift_of", "stability_index"]

K = TypeVar("K", bound=Hashable)

MODERATE = 0.1
MAJOR = 0.25
"""Below 0.1 nothing has changed, from 0.25 on much has. Source: Siddiqi, Credit Risk Scorecards (2006),
chapter 8; the usual thresholds wherever scores are watched. Noise alone gives about
(bins - 1) * (1 / n + 1 / m) for samples of n and m: 0.04 for 10 bins and twice 500 findings."""

_HALF = 0.5
"""Added to every count, so that an empty bin costs no infinity (Krichevsky and Trofimov, 1981)."""


class Shift(StrEnum):
    """How much has changed."""

    NONE = "none"
    MODERATE = "moderate"
    MAJOR = "major"


def stability_index(before: Mapping[K, int], after: Mapping[K, int]) -> float:
    """Return the PSI of two samples, 0 or more; 0 where one of them is empty.

    Args:
        before: how often each bin or class occurred in the reference.
        after: the same of what is compared with it.
    """
    bins = sorted({*before, *after}, key=repr)
    first, second = sum(before.values()), sum(after.values())
    if first == 0 or second == 0:
        return 0.0
    index = 0.0
    for one in bins:
        p = (before.get(one, 0) + _HALF) / (first + _HALF * len(bins))
        q = (after.get(one, 0) + _HALF) / (second + _HALF * len(bins))
        index += (q - p) * math.log(q / p)
    return index


def shift_of(index: float) -> Shift:
    """Return what an index means."""
    if index >= MAJOR:
        return Shift.MAJOR
    return Shift.MODERATE if index >= MODERATE else Shift.NONE
