"""A scorecard: every indicator over one period, with its target, and the weighted score."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from msgspec import Struct

from cloud_api.case_projection import Case
from cloud_api.evaluation.indicators import ONLINE, Indicator
from cloud_api.evaluation.measures import MEASURES, Measured, Period
from cloud_api.evaluation.tally import figures

__all__ = ["Line", "Online", "Scorecard", "scorecard", "tallied_scorecard"]


class Online(Struct, frozen=True, kw_only=True):
    """Devices of which the register knows whether they are online."""

    devices: int
    online: int


class Line(Struct, frozen=True, kw_only=True):
    """One indicator's result."""

    indicator: Indicator
    value: float | None
    """None: not measured."""
    numerator: int | None
    """How many; None for means."""
    denominator: int
    target: float | None
    attainment: float | None
    """How far the target is reached, 0 to 1; None where either is missing."""
    below_target: bool
    rows: Measured | None
    """The cases; None for what is no case's."""


class Scorecard(Struct, frozen=True, kw_only=True):
    """All indicators; ``score`` is 0 to 100 over those measured that have weight and target."""

    lines: tuple[Line, ...]
    score: float | None
    weight_measured: float
    """Sum of the weights that the score rests on; of :attr:`weight_all`."""
    weight_all: float


class _Reckoned(NamedTuple):
    value: float | None
    numerator: int | None
    denominator: int
    rows: Measured | None


def scorecard(
    indicators: Sequence[Indicator],
    cases: Sequence[Case],
    period: Period,
    last_day: date,
    online: Online | None,
) -> Scorecard:
    """Return the scorecard of some cases.

    Args:
        indicators: what is reckoned.
        cases: as they stood at the period's end.
        period: over which.
        last_day: last day of the period: its targets count.
        online: devices, or None where nobody reports them.
    """

    def reckoned(one: Indicator) -> _Reckoned:
        rows = MEASURES[one.measure](cases, period)
        above = len(rows.numerator) if one.unit == "ratio" else None
        return _Reckoned(rows.value, above, len(rows.denominator), rows)

    return _card(indicators, reckoned, last_day, online)


def tallied_scorecard(
    indicators: Sequence[Indicator],
    counts: Mapping[str, int],
    last_day: date,
    online: Online | None,
) -> Scorecard:
    """Return the scorecard of a tally: the same figures, without the cases behind them.

    Args:
        indicators: what is reckoned.
        counts: of the period, from :func:`cloud_api.evaluation.tally_table.read_tally`.
        last_day: as for :func:`scorecard`.
        online: as for :func:`scorecard`.
    """
    return _card(
        indicators, lambda one: _Reckoned(*figures(counts, one.measure), None), last_day, online
    )


def _card(
    indicators: Sequence[Indicator],
    reckoned: Callable[[Indicator], _Reckoned],
    last_day: date,
    online: Online | None,
) -> Scorecard:
    lines = tuple(_line(one, reckoned, last_day, online) for one in indicators)
    counting = [
        (line.attainment, line.indicator.weight)
        for line in lines
        if line.attainment is not None and line.indicator.weight
    ]
    weight = sum(each for _, each in counting)
    return Scorecard(
        lines=lines,
        score=(
            round(100.0 * sum(part * each for part, each in counting) / weight, 2)
            if weight
            else None
        ),
        weight_measured=weight,
        weight_all=sum(one.weight for one in indicators),
    )


def _line(
    indicator: Indicator,
    reckoned: Callable[[Indicator], _Reckoned],
    last_day: date,
    online: Online | None,
) -> Line:
    rows: Measured | None = None
    numerator: int | None
    if indicator.measure == ONLINE:
        known = online is not None and online.devices > 0
        value = online.online / online.devices if known and online is not None else None
        numerator = online.online if online is not None else None
        denominator = online.devices if online is not None else 0
    else:
        value, numerator, denominator, rows = reckoned(indicator)
    target = indicator.target(last_day)
    attainment = None if value is None else indicator.attainment(value, last_day)
    return Line(
        indicator=indicator,
        value=value,
        numerator=numerator,
        denominator=denominator,
        target=None if target is None else target.value,
        attainment=attainment,
        below_target=attainment is not None and attainment < 1.0,
        rows=rows,
    )
