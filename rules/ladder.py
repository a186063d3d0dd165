"""The ladder: steps with hysteresis and delays over event time, as pure functions.

A step is *held* once its ``when`` has been true for ``for``; a held step is let go once its
``clear`` has been true for ``clear_for``. The level in force is the highest held step's, so it goes
down as well as up. Of a step only one condition matters at a time, ``clear`` while it is held and
``when`` while it is not; it is called the step's *pressing* condition here, ``since`` says since when
it has been true, and its delay runs from then.

Unknown freezes a step: its ``since`` stays as it is, and its delay neither ends nor starts again until
the condition is known. A delay that would have ended meanwhile ends with the sample that makes the
condition known, not before.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

__all__ = [
    "Change",
    "Delays",
    "LadderState",
    "finish",
    "fit_ladder",
    "fresh_state",
    "observe",
    "settle",
]


class Delays(NamedTuple):
    """A step's on-delay and off-delay in seconds, and how often it must come true to be held.

    ``times`` times within ``within_s`` seconds, measured between the moments at which the condition
    became true; in between it must have been false.
    """

    for_s: float
    clear_for_s: float
    times: int = 1
    within_s: float = math.inf


class LadderState(Struct, frozen=True, array_like=True):
    """Where a ladder stands. Bit i of the masks is step i; times are event time in seconds."""

    since: tuple[float | None, ...]
    """Since when each step's pressing condition has been true; None: it is not."""
    held: int = 0
    frozen: int = 0
    """Steps whose pressing condition was unknown when last judged."""
    spent: int = 0
    """Repeating steps that were counted and have not been false since."""
    hits: tuple[tuple[float, ...], ...] = ()
    """Since when each repeating step was true, each time it was counted; empty where none is."""


class Change(NamedTuple):
    """The level in force changed.

    Attributes:
        at: when, in event time.
        before: index of the step in force before, -1 for none.
        after: index of the step in force now, -1 for none.
        step: the step whose condition decided.
        since: when that condition became true: the onset going up, the end going down.
    """

    at: float
    before: int
    after: int
    step: int
    since: float


def fresh_state(steps: int) -> LadderState:
    """Return the state of a ladder that has seen nothing."""
    return LadderState((None,) * steps)


def next_deadline(delays: Sequence[Delays], state: LadderState) -> float:
    """Return when the next delay ends if nothing changes; infinity when none runs."""
    return min(
        (
            since + delays[step][state.held >> step & 1]
            for step, since in enumerate(state.since)
            if since is not None and not state.frozen >> step & 1
        ),
        default=math.inf,
    )


def settle(
    delays: Sequence[Delays], state: LadderState, until: float
) -> tuple[LadderState, list[Change]]:
    """Return the state after every delay that ends up to ``until``, and the changes of level."""
    changes: list[Change] = []
    while (due := next_deadline(delays, state)) <= until:
        state, change = _flip(delays, state, due)
        if change is not None:
            changes.append(change)
    return state, changes


def observe(
    delays: Sequence[Delays], state: LadderState, true: int, unknown: int, at: float
) -> tuple[LadderState, list[Change]]:
    """Return the state after the pressing conditions were judged at ``at``, and the changes.

    Args:
        delays: the ladder's delays, ascending.
        state: the state, already settled up to ``at``.
        true: steps whose pressing condition is true.
        unknown: steps whose pressing condition is unknown.
        at: event time of the judged sample.
    """
    spent = state.spent & (true | unknown)
    since = tuple(
        old
        if unknown >> step & 1
        else ((at if old is None else old) if (true & ~spent) >> step & 1 else None)
        for step, old in enumerate(state.since)
    )
    if since != state.since or unknown != state.frozen or spent != state.spent:
        # else the same object goes on: all idle keys of a rule share one
        state = LadderState(since, state.held, unknown, spent, state.hits)
    if next_deadline(delays, state) > at:
        return state, []
    state, change = _flip(delays, state, at)
    return state, [] if change is None else [change]


def finish(state: LadderState, at: float, since: float) -> tuple[LadderState, list[Change]]:
    """Return the state after the subject is gone: nothing held, nothing pending."""
    before = state.held.bit_length() - 1
    done = fresh_state(len(state.since))
    return done, [] if before < 0 else [Change(at, before, -1, before, since)]


def fit_ladder(ladder: LadderState, before: str, after: str) -> LadderState:
    """Return a ladder's state for other steps: a level keeps its own, a new one has seen nothing."""
    if before == after:
        return ladder
    origin = [before.find(letter) for letter in after]
    hits = ladder.hits or ((),) * len(before)
    return LadderState(
        tuple(None if old < 0 else ladder.since[old] for old in origin),
        _moved(ladder.held, origin),
        _moved(ladder.frozen, origin),
        _moved(ladder.spent, origin),
        tuple(() if old < 0 else hits[old] for old in origin) if ladder.hits else (),
    )


def _flip(
    delays: Sequence[Delays], state: LadderState, at: float
) -> tuple[LadderState, Change | None]:
    """Turn every step whose delay has ended by ``at``; together they make one change."""
    held, since, spent, hits = state.held, list(state.since), state.spent, state.hits
    flipped: list[tuple[int, float]] = []
    for step, start in enumerate(state.since):
        if start is None or state.frozen >> step & 1:
            continue
        if start + delays[step][state.held >> step & 1] > at:
            continue
        since[step] = None
        onset: float | None = start
        if delays[step].times > 1 and not state.held >> step & 1:
            hits, onset = _count(delays[step], hits or ((),) * len(since), step, start)
        if onset is None:
            spent |= 1 << step
            continue
        flipped.append((step, onset))
        held ^= 1 << step
    before, after = state.held.bit_length() - 1, held.bit_length() - 1
    result = LadderState(tuple(since), held, state.frozen, spent, hits if any(hits) else ())
    if before == after:
        return result, None
    if after > before:
        onset = min(start for step, start in flipped if held >> step & 1)
        return result, Change(at, before, after, after, onset)
    cleared = [(step, start) for step, start in flipped if not held >> step & 1]
    decider = min(cleared)[0] if after < 0 else before
    return result, Change(at, before, after, decider, max(start for _, start in cleared))


def _count(
    delays: Delays, hits: tuple[tuple[float, ...], ...], step: int, start: float
) -> tuple[tuple[tuple[float, ...], ...], float | None]:
    """Count a repeating step once more; return the counts, and its onset when that was enough."""
    seen = (*(hit for hit in hits[step] if hit >= start - delays.within_s), start)
    enough = len(seen) >= delays.times
    counted = (*hits[:step], () if enough else seen, *hits[step + 1 :])
    return counted, seen[0] if enough else None


def _moved(mask: int, origin: Sequence[int]) -> int:
    """Return a mask of steps for steps that each come from another place, or from none (-1)."""
    return sum((mask >> old & 1) << step for step, old in enumerate(origin) if old >= 0)
