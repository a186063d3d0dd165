"""How long a calm sensor has stood still: the stretch of :class:`rules.quality.stuck_gate.StuckGate`, in numbers at hand."""

import math

from rules.quality.sensor_memory import Extremes, SensorMemory
from rules.quality.still_pace import LEAST_MOVES
from rules.quality.stuck_gate import MOST_EXTREMES, StuckGate

__all__ = ["note_move", "patience_s", "stretched"]


def patience_s(gate: StuckGate, memory: SensorMemory) -> float:
    """Return how long a value may stand still before the plain gates are asked."""
    learnt_s = gate.times * max(memory.longest_s, memory.usual_s) if gate.learns else math.inf
    return min(gate.suspect_s, gate.fail_s, learnt_s)


def note_move(memory: SensorMemory, at: float, gate: StuckGate) -> None:
    """Note that a stretch has ended.

    Source: :meth:`rules.quality.stuck_gate.StuckGate.judge` and :class:`rules.quality.still_pace.StillPace`, step for step.
    """
    stood_s = at - memory.since
    memory.moves += 1
    turns = at - memory.pace_since >= gate.learn_s and memory.moves >= LEAST_MOVES
    if memory.longest_s < stood_s < gate.suspect_s:
        memory.longest_s = stood_s
    elif not turns:
        return
    if turns:
        memory.pace_since, memory.moves, memory.usual_s = at, 0, memory.longest_s
        memory.longest_s = 0.0
    memory.patience_s = patience_s(gate, memory)


def stretched(
    memory: SensorMemory, at: float, value: float, tolerance: float
) -> tuple[float, Extremes, Extremes]:
    """Return beginning, lows and highs of the stretch with another value within the tolerance.

    Source: :meth:`rules.quality.stuck_gate.StuckGate.judge`, step for step.
    """
    since = memory.since
    lows, highs = [*memory.lows, (memory.last, at)], [*memory.highs, (memory.last, at)]
    while lows and lows[-1][0] >= value:
        lows.pop()
    while highs and highs[-1][0] <= value:
        highs.pop()
    while lows and value - lows[0][0] > tolerance:
        since = lows.pop(0)[1]
    while highs and highs[0][0] - value > tolerance:
        since = highs.pop(0)[1]
    if len(lows) == MOST_EXTREMES:
        since = max(since, lows.pop(0)[1])
    if len(highs) == MOST_EXTREMES:
        since = max(since, highs.pop(0)[1])
    if since != memory.since:
        lows = [low for low in lows if low[1] > since]
        highs = [high for high in highs if high[1] > since]
    return since, tuple(lows), tuple(highs)
