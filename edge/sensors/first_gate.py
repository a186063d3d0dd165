"""A first look at values on the box: out of range, too fast, standing still. It flags, never drops.

The tests are those of :mod:`rules.quality`; the gateway's own gates, which know the neighbours and
the history, have the last word.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from msgspec import Meta, Struct

from contracts.profiles import PROFILES, ProfileField
from contracts.quality import QualityFlag, worst_flag
from contracts.units import convert, same_dimension
from edge.sensors.ports import SensorReading
from rules.quality.range_gate import RangeGate
from rules.quality.rate_gate import RateGate, RateState
from rules.quality.stuck_gate import StuckGate, StuckState
from rules.quality.timed_value import TimedValue

__all__ = ["FirstGate", "FirstGateConfig"]

_MOST_SERIES = 20_000
"""Series remembered; beyond, new ones are tested for their range alone."""

Positive = Annotated[float, Meta(gt=0.0)]


class FirstGateConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is held against one field of a profile, in the profile's unit."""

    profile: str
    """Device profile."""
    field: str
    """A number of it."""
    low: float | None = None
    """Below it a value fails. Default: the profile's minimum."""
    high: float | None = None
    """Above it a value fails. Default: the profile's maximum."""
    rate_per_s: Positive | None = None
    """A change per second above it makes a value suspect. Default: not tested."""
    stuck_s: Positive | None = None
    """Standing still for so many seconds makes a value suspect. Default: not tested."""
    tolerance: Annotated[float, Meta(ge=0.0)] = 0.0
    """Range within which a value stands still. Default: 0."""


class _Series:
    """What is remembered of one field of one sensor."""

    __slots__ = ("rate", "stuck")

    def __init__(self) -> None:
        self.rate: RateState | None = None
        self.stuck: StuckState | None = None


class _Tests:
    """The tests of one field."""

    def __init__(self, field: ProfileField, config: FirstGateConfig | None) -> None:
        low = field.minimum if config is None or config.low is None else config.low
        high = field.maximum if config is None or config.high is None else config.high
        low = -math.inf if low is None else low
        high = math.inf if high is None else high
        self.unit = field.unit
        self.range = RangeGate(low, high, low, high)
        self.rate: RateGate | None = None
        self.stuck: StuckGate | None = None
        if config is not None and config.rate_per_s is not None:
            self.rate = RateGate(config.rate_per_s, math.inf)
        if config is not None and config.stuck_s is not None:
            self.stuck = StuckGate(config.tolerance, math.inf, config.stuck_s)

    @property
    def remembers(self) -> bool:
        return self.rate is not None or self.stuck is not None

    def judge(self, value: TimedValue, series: _Series | None) -> QualityFlag:
        flags = [self.range.judge(None, value, value.at)[1]]
        # a value outside the range says nothing of how fast the thing itself moves
        if series is not None and flags[0] is QualityFlag.PASS:
            if self.rate is not None:
                series.rate, flag = self.rate.judge(series.rate, value, value.at)
                flags.append(flag)
            if self.stuck is not None:
                series.stuck, flag = self.stuck.judge(series.stuck, value, value.at)
                flags.append(flag)
        return worst_flag(flags)


class FirstGate:
    """Flags readings.

    Args:
        configs: what is held against which fields beyond the range of the profile.
    """

    def __init__(self, configs: Sequence[FirstGateConfig] = ()) -> None:
        chosen: Mapping[tuple[str, str], FirstGateConfig] = {
            (one.profile, one.field): one for one in configs
        }
        self._tests: dict[tuple[str, str], _Tests] = {
            (profile.name, field.name): _Tests(field, chosen.get((profile.name, field.name)))
            for profile in PROFILES.values()
            for field in profile.fields
            if field.kind == "number"
        }
        self._series: dict[tuple[str, str], _Series] = {}
        self.counters: dict[str, int] = {"values_flagged": 0}

    def judge(self, reading: SensorReading) -> SensorReading:
        """Return the reading, with flags where a value is suspect or fails; no value is changed."""
        flags: dict[str, QualityFlag] = {}
        for name, given in reading.values.items():
            tests = self._tests.get((reading.profile, name))
            if tests is None or isinstance(given, bool | str):
                continue
            value = float(given)
            unit = reading.units.get(name)
            if unit is not None and tests.unit is not None and unit != tests.unit:
                comparable = same_dimension(unit, tests.unit)
                value = convert(value, unit, tests.unit) if comparable else math.nan
            at = TimedValue(reading.at.timestamp(), value)
            flag = tests.judge(at, self._remembered(reading.subject, name, tests))
            if flag in {QualityFlag.SUSPECT, QualityFlag.FAIL, QualityFlag.MISSING}:
                flags[name] = flag
        if not flags:
            return reading
        self.counters["values_flagged"] += len(flags)
        facts: dict[str, Any] = {"flags": {**reading.flags, **flags}}
        return replace(reading, **facts)

    def _remembered(self, subject: str, field: str, tests: _Tests) -> _Series | None:
        if not tests.remembers:
            return None
        series = self._series.get((subject, field))
        if series is None and len(self._series) < _MOST_SERIES:
            series = self._series[subject, field] = _Series()
        return series
