"""A value that came late, judged in its place, and what that makes of the values after it."""

from typing import NamedTuple

from rules.quality.gate import QualityGate, Verdict
from rules.quality.gate_trail import Row
from rules.quality.sensor_memory import SensorMemory

__all__ = ["Later", "Placed", "judge_in_place"]


class Later(NamedTuple):
    """A value that gets another verdict than it had."""

    at: float
    value: float
    before: Verdict
    after: Verdict
    alone: bool = True
    """No other rule has gates for the field."""


class Placed(NamedTuple):
    """What came of a late value."""

    verdict: Verdict
    later: list[Later]


def judge_in_place(gate: QualityGate, memory: SensorMemory, row: Row) -> Placed | None:
    """Return the verdict on a late value, and those that change; the memory is as if it came in order.

    None where it cannot be put in its place: from before the trail, or of a moment that has a value.

    Args:
        gate: the plain gates.
        memory: what they remember.
        row: the value.
    """
    trail = memory.trail
    if row.at <= trail.floor:
        return None
    state, rows = trail.since(row.at)
    index = next((i for i, one in enumerate(rows) if one.at >= row.at), len(rows))
    if index < len(rows) and rows[index].at == row.at:
        return None
    for one in rows[:index]:
        state, _ = gate.judge(state, one.reading, one.now)
    told = state
    state, verdict = gate.judge(state, row.reading, row.now)
    later: list[Later] = []
    for one in rows[index:]:
        told, before = gate.judge(told, one.reading, one.now)
        state, after = gate.judge(state, one.reading, one.now)
        if before != after:
            later.append(Later(one.at, one.value, before, after))
        trail.correct(one.at, state)
        if state == told:
            break
    else:
        assert memory.gate is not None
        memory.gate.remember(memory, state)
    trail.insert(row)
    return Placed(verdict, later)
