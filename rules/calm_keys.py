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
from typing import Final, NamedTuple

from rules.judge import KeyValue
from rules.key_state import KeyState
from rules.rule_index import Slot
from rules.sample import Sample
from rules.trail import TrailBook

__all__ = ["CalmKeys", "Cell", "calm_keys", "touch_noted"]


class Cell(NamedTuple):
    """Within these values of a number, both included, no condition changes."""

    field: str
    low: float
    high: float


class CalmKeys:
    """What one subject's keys have in common after a sample that was judged.

    While it stands for them it alone knows when they were last heard of, however many rules there
    are. It lets go of all of them when another sample moves one, or something else gives one another
    mask: :meth:`look_again` is called whenever something may have.

    Attributes:
        at: event time of the last sample.
        lag: arrival minus event time of that sample.
        until: event time from which on a sample must be applied.
        cells: where no condition changes, for each field that is read.
        low, high: the same where ``single``, the only field, is a number between them.
        book, key: the trail that the next samples are part of; None: there is none.
        more_books: further ones, where there are several.
        owner: the index of the rules that were asked; another one in force makes this void.
        dirty: whether it noted something since its keys were last saved.
        keys: the keys; also when it stands for them no more.
        masks: what they were judged.
    """

    __slots__ = (
        "at",
        "book",
        "cells",
        "dirty",
        "high",
        "key",
        "keys",
        "lag",
        "low",
        "masks",
        "more_books",
        "owner",
        "single",
        "until",
    )

    def __init__(
        self,
        keys: tuple[KeyState, ...],
        cells: tuple[Cell, ...],
        books: tuple[tuple[TrailBook, KeyValue], ...],
        owner: object,
    ) -> None:
        self.keys = keys
        self.masks = _shared_masks(tuple(state.mask for state in keys))
        self.cells = cells
        self.book: TrailBook | None = books[0][0] if books else None
        self.key: KeyValue = books[0][1] if books else ""
        self.more_books = books[1:]
        self.owner = owner
        self.single, self.low, self.high = cells[0] if len(cells) == 1 else _MANY
        self.at, self.lag = keys[0].last_at, keys[0].lag
        self.until = min(state.quiet_until for state in keys)
        self.dirty = False
        for state in keys:
            state.calm = self

    def note(
        self,
        at: float,
        fields: Mapping[str, float | bool | str],
        lag: float,
        noted: list["CalmKeys"],
    ) -> bool:
        """Note a sample that changes nothing else; where this is False, apply the sample instead.

        Args:
            at: event time, not clamped.
            fields: the values of the sample.
            lag: arrival minus event time.
            noted: takes those that noted something since their keys were last saved.
        """
        if not self.at <= at < self.until:
            return False
        for field, low, high in self.cells:
            value = fields.get(field)
            if value.__class__ is not float or not low <= value <= high:
                return False
        self.move(at, fields, lag, noted)
        return True

    def move(
        self,
        at: float,
        fields: Mapping[str, float | bool | str],
        lag: float,
        noted: list["CalmKeys"],
    ) -> None:
        """Note a sample of which the caller knows that it changes nothing else."""
        self.at = at
        self.lag = lag
        if not self.dirty:
            self.dirty = True
            noted.append(self)
        if self.book is not None:
            self.book.record(self.key, at, fields)
        for book, key in self.more_books:
            book.record(key, at, fields)

    def look_again(self) -> None:
        """Release the keys unless they stand as they stood; the clock may have moved their delays."""
        self.until = min(state.quiet_until for state in self.keys)
        for state, mask in zip(self.keys, self.masks, strict=True):
            if state.mask != mask or state.keep:
                self.release()
                return

    def release(self) -> None:
        """Stand for the keys no longer: each knows for itself what was noted, and moves on."""
        self.until = -math.inf
        for state in self.keys:
            if state.calm is self:
                state.calm = None
                state.own_last_at, state.own_lag = self.at, self.lag


def calm_keys(slot: Slot, sample: Sample, owner: object) -> CalmKeys | None:
    """Return what spares judging the next samples like one that was just applied; None: nothing does.

    Args:
        slot: all rules that read readings of its profile.
        sample: the sample.
        owner: where they were found.
    """
    keys: list[KeyState] = []
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
        if state is None or state.mask < 0 or state.keep or state.calm is not None:
            return None
        if state.own_last_at != sample.at:
            return None  # a late sample: it is not the one that was judged last
        keys.append(state)
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
    if not keys:
        return None
    return CalmKeys(tuple(keys), _shared(tuple(cells.values())), tuple(books), owner)


_MANY: Final = Cell("", math.inf, -math.inf)


def touch_noted(noted: list[CalmKeys], touched: list[KeyState]) -> None:
    """Mark the keys of those that noted something as changed, and note nothing of it any more."""
    for calm in noted:
        calm.dirty = False
        for state in calm.keys:
            if not state.dirty:
                state.dirty = True
                touched.append(state)
    noted.clear()


@lru_cache(maxsize=4_096)
def _shared(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Return the same object for equal cells: calm subjects of a profile mostly lie in the same."""
    return cells


@lru_cache(maxsize=4_096)
def _shared_masks(masks: tuple[int, ...]) -> tuple[int, ...]:
    """Return the same object for equal masks."""
    return masks


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
