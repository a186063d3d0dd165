"""The common case of :class:`rules.quality.gate.QualityGate`: a value in order, after good ones.

Nineteen of twenty values pass every check, and then neither flags nor new state objects are needed:
a few comparisons with numbers that are at hand, and a few numbers remembered. Where anything at all
is out of the ordinary the plain gates judge, from the state that they would have had themselves;
that both come to the same, bit for bit, is what the tests of this module are about.
"""

import math
import sys
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import astuple, replace

from contracts.quality import QualityFlag
from rules.quality.calm_stretch import note_move, patience_s, stretched
from rules.quality.drift_gate import SPANS, DriftState
from rules.quality.excuse import Excuse
from rules.quality.gap_gate import GapGate
from rules.quality.gate import GateState, QualityGate, Verdict
from rules.quality.gate_trail import pack_row
from rules.quality.sensor_memory import (
    FIRST,
    RESTLESS,
    SECOND,
    SETTLED,
    Passes,
    SensorMemory,
)
from rules.quality.spike_gate import SpikeState
from rules.quality.stuck_gate import SLACK
from rules.quality.timed_value import TimedValue

__all__ = ["CalmGate"]

_PASS: Final = QualityFlag.PASS
_PASSED: Final = int(_PASS)
_OPEN_FLAG: Final = int(QualityFlag.NOT_EVALUATED)
_OPEN: Final = frozenset({QualityFlag.PASS, QualityFlag.NOT_EVALUATED})


class CalmGate:
    """The gates of one field: ``passes`` for the common case, ``judge`` for all.

    Args:
        gate: the plain gates.

    Attributes:
        passes: called with memory, event time, value (no NaN) and arrival. Returns what the rules
            may see, where every check passes and nothing is out of the ordinary, and remembers it;
            None otherwise, and then nothing was remembered.
    """

    __slots__ = ("_gate", "passes")

    def __init__(self, gate: QualityGate) -> None:
        self._gate = gate
        self.passes: Passes = _compile(gate, self.shape)

    @property
    def plain(self) -> QualityGate:
        """The gates themselves."""
        return self._gate

    @property
    def withholds(self) -> bool:
        """Whether the rules may see nothing, or another value, where a number came."""
        gate = self._gate
        return (
            gate.median is not None
            or gate.range is not None
            or gate.spike is not None
            or (gate.rate is not None and gate.rate.fail_per_s < math.inf)
            or (gate.stuck is not None and gate.stuck.fail_s < math.inf)
            or (gate.drift is not None and gate.drift.fail_while is not None)
        )

    @property
    def smooths(self) -> bool:
        """Whether the rules may see another value than the one that came."""
        return self._gate.median is not None

    @property
    def excuse(self) -> Excuse | None:
        """What excuses a value that stands still, or condemns one that creeps."""
        stuck, drift = self._gate.stuck, self._gate.drift
        if stuck is not None and stuck.unless is not None:
            return stuck.unless
        return None if drift is None else drift.fail_while

    @property
    def excuses_calm(self) -> bool:
        """Whether what others say matters while nothing is out of the ordinary; to a creep it does not."""
        return self._gate.stuck is not None and self._gate.stuck.unless is not None

    def fitted(self, cadence_s: float) -> "CalmGate":
        """Return the gates for a sensor that has a cadence of its own; these where that is all one."""
        gap = self._gate.gap
        if gap is None or gap.cadences is None:
            return self
        own = GapGate(gap.cadences * cadence_s, gap.cadences)
        return CalmGate(replace(self._gate, gap=own))

    def judge(self, memory: SensorMemory, reading: TimedValue, now: float) -> tuple[Verdict, bool]:
        """Return the verdict of the plain gates, and whether there was something to remember."""
        before = self.state(memory)
        after, verdict = self._gate.judge(before, reading, now)
        if after is before:
            return verdict, False
        self.remember(memory, after)
        if self._minds(reading, now):
            arrived = math.nan if reading.clamped else now
            memory.trail.mind(reading.at, arrived, reading.excused_until)
        if memory.trail.note(reading.at, reading.value):
            memory.trail.turn(reading.at, after)
        return verdict, True

    def _minds(self, reading: TimedValue, now: float) -> bool:
        """Whether it matters to the gates when a reading arrived, or what excused it."""
        gate, lag = self._gate, now - reading.at
        return (
            reading.clamped
            or reading.excused_until > -math.inf
            or (gate.late is not None and lag > gate.late.max_s)
            or (gate.skew is not None and -lag > gate.skew.max_s)
        )

    def state(self, memory: SensorMemory) -> GateState | None:
        """Return the state as the plain gates know it."""
        if memory.calm:
            return msgspec.convert(self.shape(memory), GateState)
        return memory.frozen

    def shape(self, memory: SensorMemory) -> object:
        """Return what encodes to the same bytes as the state itself, and is sooner made."""
        if not memory.calm:
            return memory.frozen
        gate, at, last = self._gate, memory.at, memory.last
        spike: object = None
        rate: object = None
        stuck: object = None
        drift: object = None
        if gate.spike is not None:
            before = None if memory.calm == FIRST else memory.before
            spike = (
                at,
                last,
                before,
                last,
                _PASSED,
                _PASSED if memory.calm == SETTLED else _OPEN_FLAG,
            )
        if gate.rate is not None:
            rate = (at, last)
        if gate.stuck is not None:
            newest = (last, math.inf)
            pace = None
            if gate.stuck.learns:
                pace = (memory.pace_since, memory.moves, memory.longest_s, memory.usual_s)
            stuck = (at, memory.since, (*memory.lows, newest), (*memory.highs, newest), pace)
        if gate.drift is not None:
            drift = (at, memory.span, memory.total, memory.count, *memory.means)
        gap = None if gate.gap is None else (at,)
        return (at, spike, rate, stuck, drift, gap, memory.median, {}, ())

    def remember(self, memory: SensorMemory, state: GateState) -> None:
        """Take over a state of the plain gates."""
        memory.calm = self._calm(state)
        if not memory.calm:
            memory.frozen = state
            return
        memory.frozen = None
        memory.at, memory.median = state.at, state.median
        if state.rate is not None:
            memory.last = state.rate.value
        if state.spike is not None:
            before = state.spike.before  # -0.0 stays what it is
            memory.last, memory.before = state.spike.last, 0.0 if before is None else before
        if state.stuck is not None:
            memory.last, memory.since = state.stuck.lows[-1].value, state.stuck.since
            memory.lows = tuple((low.value, low.next_at) for low in state.stuck.lows[:-1])
            memory.highs = tuple((high.value, high.next_at) for high in state.stuck.highs[:-1])
            if state.stuck.pace is not None:
                memory.pace_since, memory.moves, memory.longest_s, memory.usual_s = astuple(
                    state.stuck.pace
                )
            if self._gate.stuck is not None:
                memory.patience_s = patience_s(self._gate.stuck, memory)
        if state.drift is not None:
            drift = state.drift
            memory.span, memory.total, memory.count = drift.span, drift.total, drift.count
            memory.means = (drift.means, int(drift.flag))

    def adopt(self, memory: SensorMemory) -> bool:
        """Take a memory over from other gates, or a new one; return whether that changed it.

        What it holds of checks that these gates do not make is forgotten.
        """
        before = memory.frozen if memory.gate is None else memory.gate.state(memory)
        other = memory.gate is not None and memory.gate.plain != self._gate
        memory.gate, memory.passes = self, self.passes
        if before is None:
            return False
        if other:
            memory.trail.bar(before.at, before)
        gone = {
            name: None
            for name in ("spike", "rate", "stuck", "drift", "gap")
            if getattr(self._gate, name) is None and getattr(before, name) is not None
        }
        self.remember(memory, replace(before, **gone) if gone else before)
        return bool(gone)

    def _calm(self, state: GateState) -> int:
        """Return how the numbers of a memory can stand for a state, see :class:`SensorMemory`."""
        gate = self._gate
        if state.faults or state.alarms:
            return RESTLESS
        parts = (
            (gate.spike, state.spike),
            (gate.rate, state.rate),
            (gate.stuck, state.stuck),
            (gate.drift, state.drift),
            (gate.gap, state.gap),
        )
        for check, part in parts:
            if check is None and part is None:
                continue
            # one that is new has seen nothing yet, one that is gone is not moved on
            if check is None or part is None or part.at != state.at:
                return RESTLESS
        stuck, known = gate.stuck, state.stuck
        # others learnt nothing, or what these do not ask for
        if stuck is not None and known is not None and stuck.learns != (known.pace is not None):
            return RESTLESS
        return _undoubted(state.spike) if _steady(state.drift) and _finite(state) else RESTLESS


def _undoubted(spike: SpikeState | None) -> int:
    if spike is None:
        return SETTLED
    if spike.doubted is not _PASS:
        return RESTLESS
    if spike.before is None:
        return FIRST
    return {_PASS: SETTLED, QualityFlag.NOT_EVALUATED: SECOND}.get(spike.settled, RESTLESS)


def _steady(drift: DriftState | None) -> bool:
    return drift is None or drift.flag in _OPEN


def _finite(state: GateState) -> bool:
    """Return whether the newest value can be reckoned with."""
    last = [part.last for part in (state.spike,) if part is not None]
    last += [part.value for part in (state.rate,) if part is not None]
    last += [part.lows[-1].value for part in (state.stuck,) if part is not None]
    return all(map(math.isfinite, last))


def _compile(  # noqa: C901 - hot: calls cost more
    gate: QualityGate, shape: Callable[[SensorMemory], object]
) -> Passes:
    """Return the function of the common case; what is not checked costs a comparison with infinity."""
    low, high = -sys.float_info.max, sys.float_info.max
    if gate.range is not None:
        low = max(low, gate.range.low, gate.range.suspect_low)
        high = min(high, gate.range.high, gate.range.suspect_high)
    latest = math.inf if gate.late is None else gate.late.max_s
    soonest = -math.inf if gate.skew is None else -gate.skew.max_s
    spike, stuck, drift, median = gate.spike, gate.stuck, gate.drift, gate.median
    step = math.inf if spike is None else min(spike.step, spike.suspect_step)
    fastest = math.inf
    if gate.rate is not None:
        fastest = min(gate.rate.suspect_per_s, gate.rate.fail_per_s)
    tolerance = rest_low = math.inf
    rest_high = -math.inf
    if stuck is not None:
        tolerance = stuck.tolerance * (1.0 + SLACK)
        rest_low, rest_high = stuck.rest_low, stuck.rest_high
    longest = min(
        math.inf if gate.gap is None else gate.gap.max_s,
        math.inf if spike is None else spike.within_s,
        math.inf if stuck is None else stuck.within_s,
    )
    spans_s = math.inf if drift is None else drift.over_s
    excusable = stuck is not None and stuck.unless is not None
    rated, stands, drifts = gate.rate is not None, stuck is not None, drift is not None
    learning = stuck if stuck is not None and stuck.learns else None

    def passes(  # noqa: C901 - hot, as above
        memory: SensorMemory, at: float, value: float, now: float
    ) -> float | None:
        lag, elapsed, calm = now - at, at - memory.at, memory.calm
        if not (
            calm and low <= value <= high and soonest <= lag <= latest and 0.0 < elapsed <= longest
        ):
            return None
        last = memory.last
        change = value - last
        size = change if change >= 0.0 else -change
        if size > step or (rated and size / elapsed > fastest):
            return None
        if drifts and math.floor(at * SPANS / spans_s) != memory.span:
            return None
        if size > tolerance:  # never without ``stuck``
            if learning is not None:
                note_move(memory, at, learning)
            memory.since = at
            if memory.lows or memory.highs:
                memory.lows = memory.highs = ()
        elif stands:
            since, lows, highs = memory.since, memory.lows, memory.highs
            if change != 0.0:
                since, lows, highs = stretched(memory, at, value, tolerance)
            if (
                at - since >= memory.patience_s
                and (not excusable or at - memory.excused >= memory.patience_s)
                and not (
                    rest_low <= (lows[0][0] if lows else value)
                    and (highs[0][0] if highs else value) <= rest_high
                )
            ):
                return None
            if learning is not None and since != memory.since:
                note_move(memory, at, learning)
            memory.since, memory.lows, memory.highs = since, lows, highs
        if calm != SETTLED:
            memory.calm = calm - 1
        memory.at, memory.last, memory.before = at, value, last
        seen = value
        if drifts:
            memory.total += value
            memory.count += 1
        if median is not None:
            memory.median, seen = median.smooth(memory.median, value)
        if excusable and memory.excused > -math.inf:
            memory.trail.mind(at, now, memory.excused)
        # GateTrail.note, step for step: a call costs more than what it does
        trail = memory.trail
        newest = trail.newest = trail.newest + pack_row(at, value)
        if (at >= trail.due_at or len(newest) >= trail.room) and trail.is_due(at):
            trail.turn(at, shape(memory))
        return seen

    return passes
