"""All gates of one field of one kind of sensor, and what they remember of one sensor."""

from typing import Final, NamedTuple

from msgspec import Struct

from contracts.quality import QualityCheck, QualityFlag, worst_flag
from rules.quality.drift_gate import DriftGate, DriftState
from rules.quality.gap_gate import GapGate, GapState
from rules.quality.late_gate import LateGate
from rules.quality.median_filter import MedianFilter
from rules.quality.range_gate import RangeGate
from rules.quality.rate_gate import RateGate, RateState
from rules.quality.recurrence import Recurrence
from rules.quality.skew_gate import SkewGate
from rules.quality.spike_gate import SpikeGate, SpikeState
from rules.quality.stuck_gate import StuckGate, StuckState
from rules.quality.timed_value import TimedValue

__all__ = ["GateState", "QualityGate", "Turn", "Verdict"]

_ONCE: Final = Recurrence()
# looking a member up in its class, or in a set, takes longer than the gates themselves
_PASS: Final = QualityFlag.PASS
_NOT_EVALUATED: Final = QualityFlag.NOT_EVALUATED
_SUSPECT: Final = QualityFlag.SUSPECT
_MISSING: Final = QualityFlag.MISSING

_Flags = list[tuple[QualityCheck, QualityFlag]]


class GateState(Struct, frozen=True, array_like=True):
    """What the gates of one field of one sensor remember; bounded, whatever comes."""

    at: float
    """Event time of the newest value."""
    spike: SpikeState | None = None
    rate: RateState | None = None
    stuck: StuckState | None = None
    drift: DriftState | None = None
    gap: GapState | None = None
    median: tuple[float, ...] = ()
    faults: dict[QualityCheck, tuple[float, ...]] = {}
    """Times of the last bad values by check."""
    alarms: tuple[QualityCheck, ...] = ()
    """Checks that found too many of them."""


class Turn(NamedTuple):
    """A check began, or ceased, to find too many bad values."""

    check: QualityCheck
    bad: bool
    flag: QualityFlag


class Verdict(NamedTuple):
    """What became of one value."""

    flag: QualityFlag
    """The worst of all."""
    value: float | None
    """What the rules may see; None: nothing."""
    flags: tuple[tuple[QualityCheck, QualityFlag], ...] = ()
    """Checks that found it suspect, failed or missing."""
    settled: QualityFlag = QualityFlag.NOT_EVALUATED
    """Where the value before it turned out to be a spike: SUSPECT or FAIL."""
    turns: tuple[Turn, ...] = ()
    unordered: bool = False
    """The value is not newer than the newest one, and was compared with no other."""


class QualityGate(Struct, frozen=True, kw_only=True):
    """The gates of one field; a gate that is None is not made."""

    range: RangeGate | None = None
    spike: SpikeGate | None = None
    rate: RateGate | None = None
    stuck: StuckGate | None = None
    drift: DriftGate | None = None
    late: LateGate | None = None
    skew: SkewGate | None = None
    gap: GapGate | None = None
    median: MedianFilter | None = None
    recurrence: Recurrence = _ONCE
    """For checks that speak of single values; stuck and drift are alarms by themselves."""

    def judge(
        self, state: GateState | None, reading: TimedValue, now: float
    ) -> tuple[GateState, Verdict]:
        """Return the new state and the verdict on a reading that arrived at ``now``.

        A value that the range refuses is none: the gates that compare values do not see it. One that
        is older than the newest is held against range, late and skew alone, and moves nothing.
        """
        flags = self._judge_alone(reading, now)
        usable = not flags or _usable(flags)
        if state is not None and reading.at <= state.at:
            worst = worst_flag([QualityFlag.NOT_EVALUATED, *(flag for _, flag in flags)])
            value = reading.value if usable else None
            return state, Verdict(worst, value, tuple(flags), unordered=True)
        before = state or GateState(reading.at)
        gap = before.gap
        if self.gap is not None:
            gap, flag = self.gap.judge(gap, reading, now)
            if flag is not _PASS and flag is not _NOT_EVALUATED:
                flags.append((QualityCheck.GAP, flag))
        spike, rate, stuck, drift = before.spike, before.rate, before.stuck, before.drift
        settled = _NOT_EVALUATED
        if usable:
            spike, rate, stuck, drift = self._compare(before, reading, now, flags)
            settled = settled if spike is None else spike.settled
            usable = not flags or _usable(flags)
        value, median = reading.value if usable else None, before.median
        if value is not None and self.median is not None:
            median, value = self.median.smooth(median, value)
        faults, alarms = before.faults, before.alarms
        turns: tuple[Turn, ...] = ()
        if flags or faults or settled >= _SUSPECT:
            faults, alarms, turns = self._recur(before, reading.at, flags, settled)
        after = GateState(reading.at, spike, rate, stuck, drift, gap, median, faults, alarms)
        worst = worst_flag([flag for _, flag in flags]) if flags else _PASS
        return after, Verdict(worst, value, tuple(flags), settled, turns)

    def _judge_alone(self, reading: TimedValue, now: float) -> _Flags:
        """Return what is wrong with a reading by itself."""
        flags: _Flags = []
        if reading.missing:
            flags.append((QualityCheck.VALUE, _MISSING))
        elif self.range is not None:
            _, flag = self.range.judge(None, reading, now)
            if flag is not _PASS:
                flags.append((QualityCheck.RANGE, flag))
        if self.late is not None:
            _, flag = self.late.judge(None, reading, now)
            if flag is not _PASS:
                flags.append((QualityCheck.LATE, flag))
        if self.skew is not None:
            _, flag = self.skew.judge(None, reading, now)
            if flag is not _PASS:
                flags.append((QualityCheck.SKEW, flag))
        return flags

    def _compare(
        self, before: GateState, reading: TimedValue, now: float, flags: _Flags
    ) -> tuple[SpikeState | None, RateState | None, StuckState | None, DriftState | None]:
        """Return the states after comparing a usable value with those before it; add to ``flags``."""
        spike, rate, stuck, drift = before.spike, before.rate, before.stuck, before.drift
        if self.spike is not None:
            spike, flag = self.spike.judge(spike, reading, now)
            if flag is not _PASS and flag is not _NOT_EVALUATED:
                flags.append((QualityCheck.SPIKE, flag))
        if self.rate is not None:
            rate, flag = self.rate.judge(rate, reading, now)
            if flag is not _PASS and flag is not _NOT_EVALUATED:
                flags.append((QualityCheck.RATE, flag))
        if self.stuck is not None:
            stuck, flag = self.stuck.judge(stuck, reading, now)
            if flag is not _PASS and flag is not _NOT_EVALUATED:
                flags.append((QualityCheck.STUCK, flag))
        if self.drift is not None:
            drift, flag = self.drift.judge(drift, reading, now)
            if flag is not _PASS and flag is not _NOT_EVALUATED:
                flags.append((QualityCheck.DRIFT, flag))
        return spike, rate, stuck, drift

    def _recur(
        self,
        before: GateState,
        at: float,
        flags: _Flags,
        settled: QualityFlag,
    ) -> tuple[dict[QualityCheck, tuple[float, ...]], tuple[QualityCheck, ...], tuple[Turn, ...]]:
        """Return the bad values remembered, the alarms, and the alarms that came or went."""
        bad = dict(flags)
        bad.pop(QualityCheck.SPIKE, None)  # doubted on arrival: the value after it tells
        if settled >= _SUSPECT:
            bad[QualityCheck.SPIKE] = settled
        faults: dict[QualityCheck, tuple[float, ...]] = {}
        alarms: list[QualityCheck] = []
        turns: list[Turn] = []
        for check in QualityCheck:
            if check not in bad and check not in before.faults:
                continue
            recurrence = (
                _ONCE if check in {QualityCheck.STUCK, QualityCheck.DRIFT} else self.recurrence
            )
            times, alarmed = recurrence.observe(before.faults.get(check, ()), at, bad=check in bad)
            if alarmed:
                alarms.append(check)
            if alarmed or at - times[-1] <= recurrence.within_s:
                faults[check] = times
            if alarmed != (check in before.alarms):
                turns.append(Turn(check, alarmed, bad.get(check, _PASS)))
        return faults, tuple(alarms), tuple(turns)


def _usable(flags: _Flags) -> bool:
    """Return whether no check failed a value or missed it."""
    return all(flag is _SUSPECT for _, flag in flags)
