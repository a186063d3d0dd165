"""The common case of the engine: one more sample of a sensor about which nothing changes.

A condition that compares numbers with constants can only change at those constants. Between two of
them every ladder of a subject judges as it did the last time, so two comparisons stand for all
conditions of all its rules, and what is left is to note when the subject was heard of. Where a
condition reckons, it is only sure not to change while the value stays the same.
"""

import math
import sys
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import nextafter
from typing import NamedTuple

from rules.judge import KeyValue
from rules.key_state import KeyState
from rules.rule_index import Slot
from rules.sample import Sample
from rules.trail import TrailBook

__all__ = ["CalmKeys", "Cell", "calm_keys"]


class Cell(NamedTuple):
    """Within these values of a number, both included, no condition changes."""

    field: str
    low: float
    high: float


class CalmKeys(NamedTuple):
    """What one subject's keys have in common after a sample that was judged.

    It holds as long as each key still has the mask noted here: whatever else moves a key gives it
    another one.
    """

    cells: tuple[Cell, ...]
    keys: tuple[tuple[KeyState, int], ...]
    books: tuple[tuple[TrailBook, KeyValue], ...]
    """The trails that the next samples are part of."""
    owner: object
    """The index of the rules that were asked; another one in force makes this void."""

    def note(
        self,
        at: float,
        fields: Mapping[str, float | bool | str],
        lag: float,
        touched: list[KeyState],
    ) -> bool:
        """Note a sample that changes nothing else; where this is False, apply the sample instead.

        Args:
            at: event time, not clamped.
            fields: the values of the sample.
            lag: arrival minus event time.
            touched: takes the keys that were not yet marked as changed.
        """
        for field, low, high in self.cells:
            value = fields.get(field)
            if value.__class__ is not float or not low <= value <= high:
                return False
        for state, mask in self.keys:
            if state.mask != mask or state.keep or not state.last_at <= at < state.quiet_until:
                return False  # those noted before come to the same when the sample is applied
            state.last_at = at
            state.lag = lag
            if not state.dirty:
                state.dirty = True
                touched.append(state)
        for book, key in self.books:
            book.record(key, at, fields)
        return True


def calm_keys(slot: Slot, sample: Sample, owner: object) -> CalmKeys | None:
    """Return what spares judging the next samples like one that was just applied; None: nothing does.

    Args:
        slot: all rules that read readings of its profile.
        sample: the sample.
        owner: where they were found.
    """
    keys: list[tuple[KeyState, int]] = []
    cells: dict[str, Cell] = {}
    books: list[tuple[TrailBook, KeyValue]] = []
    if slot.book is not None:
        books.append((slot.book, sample.subject))
    for running in slot.rules:
        if any(name != "subject" for name, _ in running.filters):
            return None  # the subject may report from elsewhere next time
        if running.filters and not running.accepts(sample.keys):
            continue
        if running.merges or "subject" not in running.rule.key:
            return None
        try:
            state = running.states.get(running.key_of(sample.keys))
        except KeyError:
            return None
        if state is None or state.mask < 0 or state.keep:
            return None
        if state.last_at != sample.at:
            return None  # a late sample: it is not the one that was judged last
        keys.append((state, state.mask))
        if running.owns_book and running.book is not None:
            books.append((running.book, state.value))
        for name in running.rule.names:
            value = sample.fields.get(name)
            if not isinstance(value, float) or not math.isfinite(value):
                return None
            cell = _cell(name, value, running.cuts)
            known = cells.get(name)
            if known is not None:
                cell = Cell(name, max(known.low, cell.low), min(known.high, cell.high))
            cells[name] = cell
    return CalmKeys(_shared(tuple(cells.values())), tuple(keys), tuple(books), owner)


@lru_cache(maxsize=4_096)
def _shared(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Return the same object for equal cells: calm subjects of a profile mostly lie in the same."""
    return cells


def _cell(name: str, value: float, cuts: Sequence[float] | None) -> Cell:
    if cuts is None:
        return Cell(name, value, value)
    index = bisect_left(cuts, value)
    if index < len(cuts) and cuts[index] == value:
        return Cell(name, value, value)
    # an infinity is unknown to conditions, and lies in no cell
    low = nextafter(cuts[index - 1], math.inf) if index else -sys.float_info.max
    high = nextafter(cuts[index], -math.inf) if index < len(cuts) else sys.float_info.max
    return Cell(name, low, high)
