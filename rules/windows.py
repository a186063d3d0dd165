"""Aggregates over windows and rates, in event time, as values of a key: the ``let`` section."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from rules.expression import Node

__all__ = ["AGGREGATES", "MAX_SAMPLES", "Let", "WindowState", "advance"]

MAX_SAMPLES: Final = 10_000
"""Most samples in one window; beyond, the oldest go first."""
_MINUTE_S: Final = 60.0


class Let(Struct, frozen=True, kw_only=True):
    """One derived value."""

    name: str
    text: str
    """What it is, in one line; two versions of a rule share a window whose text is the same."""
    node: Node
    """What is aggregated."""
    names: frozenset[str]
    """Fields of a sample that bring a new value."""
    aggregate: str
    """min, max, mean, median, leq, count, quantile or rate; of a ratio that of its history."""
    kind: str
    """tumbling, sliding, session, count, rate or ratio."""
    span: float
    """Seconds, samples for a count window, or hours for a ratio."""
    fewest: int = 1
    """With fewer samples the value is unknown."""
    quantile: float = 0.5
    usual: Node | None = None
    """What ``node`` is compared with, over a history; None: this is no ratio."""
    season: int = 1
    """Hours between those of the history that are alike."""


class WindowState(Struct, array_like=True):
    """What one window of one key holds; times in seconds, ascending."""

    times: list[float] = []
    values: list[float] = []
    begun: float = 0.0
    """Start of the tumbling window that is being filled."""
    result: float | None = None
    """The value now; None: unknown."""
    history: bytes = b""
    """Of a ratio: its whole hours, see :mod:`rules.baseline`."""
    count: int = 0
    """Of a ratio: samples of the hour that runs, which ``begun`` numbers."""
    stride: int = 1
    """Of a ratio: of how many samples one is kept."""
    base: float | None = None
    """Of a ratio: what is usual in the hour that runs; None: unknown."""


def _leq(levels: Sequence[float]) -> float:
    """Return the equivalent continuous level of equally spaced levels in dB.

    Source: ISO 1996-1:2016, 3.6.1 (mean of the energies).
    """
    return 10.0 * math.log10(statistics.fmean(10.0 ** (level / 10.0) for level in levels))


def _quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile, interpolated between neighbours.

    Source: R. J. Hyndman, Y. Fan, Sample Quantiles (1996), definition 7.
    """
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


AGGREGATES: Final[Mapping[str, Callable[[Sequence[float]], float]]] = MappingProxyType(
    {
        "min": min,
        "max": max,
        "mean": statistics.fmean,
        "median": statistics.median,
        "leq": _leq,
        "count": lambda values: float(len(values)),
        "quantile": lambda values: _quantile(values, 0.5),
    }
)
"""What a window can be brought down to; a quantile has its share in its :class:`Let`."""


def advance(let: Let, state: WindowState, value: float | None, at: float) -> float | None:
    """Take a value at ``at`` into a window; return what the window then amounts to.

    An unknown value is not taken in, but time passes.
    """
    if let.kind == "tumbling":
        _tumble(let, state, at)
    elif let.kind == "session" and state.times and at - state.times[-1] > let.span:
        _clear(state)
    if value is not None:
        state.times.append(at)
        state.values.append(value)
    drop = _outdated(let, state, at)
    if drop > 0:
        del state.times[:drop], state.values[:drop]
    if let.kind == "rate":
        state.result = _rate(let, state)
    elif let.kind != "tumbling":
        state.result = _aggregate(let, state.values)
    return state.result


def _tumble(let: Let, state: WindowState, at: float) -> None:
    """Close the window that ``at`` is no longer in; its value holds until the next one closes."""
    start = math.floor(at / let.span) * let.span
    if start <= state.begun:
        return
    follows = start <= state.begun + let.span * 1.5
    state.result = _aggregate(let, state.values) if follows else None
    _clear(state)
    state.begun = start


def _clear(state: WindowState) -> None:
    state.times, state.values = [], []


def _outdated(let: Let, state: WindowState, at: float) -> int:
    """Return how many of the oldest samples are no longer part of the window."""
    held = len(state.times)
    drop = max(0, held - (int(let.span) if let.kind == "count" else MAX_SAMPLES))
    if let.kind == "sliding":
        while drop < held and state.times[drop] <= at - let.span:
            drop += 1
    elif let.kind == "rate":
        # the newest sample that is as old as the span is what the rate is measured from
        while drop + 1 < held and state.times[drop + 1] <= at - let.span:
            drop += 1
    return drop


def _aggregate(let: Let, values: Sequence[float]) -> float | None:
    if let.aggregate == "count":
        return float(len(values))
    if len(values) < let.fewest:
        return None
    if let.aggregate == "quantile":
        return _quantile(values, let.quantile)
    return AGGREGATES[let.aggregate](values)


def _rate(let: Let, state: WindowState) -> float | None:
    """Return the change per minute, known once the samples span half of ``over``."""
    if len(state.times) < 2:
        return None
    elapsed = state.times[-1] - state.times[0]
    if elapsed <= 0 or elapsed < let.span / 2:
        return None
    return (state.values[-1] - state.values[0]) / elapsed * _MINUTE_S
