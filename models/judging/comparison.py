"""Candidate against incumbent on the same pictures: the difference, and how sure it is."""

import math

import numpy as np
from msgspec import Struct

from models.judging.boxes import Floats, Ints
from models.judging.judged_set import JudgedSet
from models.judging.precision import average_precision
from models.judging.scoring import Scored

__all__ = ["ClassDifference", "Comparison", "Interval", "compare"]

_ROUNDS = 200
"""Draws of the bootstrap. Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, §6.4
(50 to 200 for a standard error; percentiles of 95 % from 200 are stable to about 0.01 here)."""

_FEW = 10
"""Recordings from which on whole recordings are drawn instead of pictures: pictures of one recording
are alike, and drawing them one by one promises too much."""


class Interval(Struct, frozen=True, kw_only=True):
    """A difference, candidate minus incumbent, with the ends of its 95 % interval."""

    difference: float
    low: float
    high: float


class ClassDifference(Struct, frozen=True, kw_only=True):
    """Average precision (0.5 to 0.95) of one class."""

    name: str
    candidate: float | None
    incumbent: float | None


class Comparison(Struct, frozen=True, kw_only=True):
    """Candidate against incumbent, on the classes that both know."""

    candidate: str
    incumbent: str
    map50: Interval | None
    map50_95: Interval | None
    """None where neither has labels to be judged on."""
    drawn: str
    """What the bootstrap draws: pictures or recordings."""
    rounds: int
    classes: tuple[ClassDifference, ...]


def compare(
    candidate: Scored, incumbent: Scored, judged: JudgedSet, rng: np.random.Generator
) -> Comparison:
    """Return the paired difference; both must be scored on the same pictures and classes.

    Pictures (or recordings) are drawn with replacement, the same ones for both, and mAP is computed
    anew each time: the interval holds the middle 95 % of the differences.

    Args:
        candidate: the new model.
        incumbent: the one that runs.
        judged: the labelled pictures.
        rng: draws them.
    """
    groups, drawn = _groups(judged)
    rounds = []
    for _ in range(_ROUNDS):
        weights = _weights(groups, rng)
        rounds.append(_means(candidate, judged, weights) - _means(incumbent, judged, weights))
    whole = np.ones(len(judged.pictures))
    point = _means(candidate, judged, whole) - _means(incumbent, judged, whole)
    spread = np.array(rounds)
    return Comparison(
        candidate=candidate.report.model_id,
        incumbent=incumbent.report.model_id,
        map50=_interval(point[0], spread[:, 0]),
        map50_95=_interval(point[1], spread[:, 1]),
        drawn=drawn,
        rounds=_ROUNDS,
        classes=tuple(
            ClassDifference(name=name, candidate=_known(ours), incumbent=_known(theirs))
            for name, ours, theirs in zip(
                judged.classes,
                candidate.precision.classes,
                incumbent.precision.classes,
                strict=True,
            )
            if not (math.isnan(ours) and math.isnan(theirs))
        ),
    )


def _groups(judged: JudgedSet) -> tuple[Ints, str]:
    names = [(picture.camera, picture.scene) for picture in judged.pictures]
    unique = {name: number for number, name in enumerate(dict.fromkeys(names))}
    if len(unique) >= _FEW:
        return np.array([unique[name] for name in names], np.int64), "recordings"
    return np.arange(len(names), dtype=np.int64), "pictures"


def _weights(groups: Ints, rng: np.random.Generator) -> Floats:
    many = int(groups.max(initial=-1)) + 1
    times = np.bincount(rng.integers(0, many, many), minlength=many)
    return times[groups].astype(np.float64)


def _means(scored: Scored, judged: JudgedSet, weights: Floats) -> Floats:
    told = average_precision(scored.matches, scored.truth, len(judged.classes), weights=weights)
    return np.array([told.map50, told.map50_95])


def _interval(point: float, spread: Floats) -> Interval | None:
    if math.isnan(point):
        return None
    low, high = np.nanpercentile(spread, [2.5, 97.5])
    return Interval(difference=float(point), low=float(low), high=float(high))


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
