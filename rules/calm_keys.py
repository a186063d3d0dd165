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
from typing import Final

from rules.cuts import Cell, FieldCuts
from rules.judge import KeyValue
from rules.key_state import KeyState
from rules.number_trail import NumberBook
from rules.rule_index import Slot
from rules.sample import Sample
from rules.trail import TrailBook

__all__ = ["CalmKeys", "calm_keys", "touch_noted"]


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
        books: the trails that the next samples are part of, with the key of each.
        book, key: the same where it is one of a single number; else None.
        owner: the index of the rules that were asked; another one in force makes this void.
        dirty: whether it noted something since its keys were last saved.
        keys: the keys; also when it stands for them no more.
        masks: what they were judged.
    """

    __slots__ = (
        "at",
        "book",
        "books",
        "cells",
        "dirty",
        "high",
        "key",
        "keys",
        "lag",
        "low",
        "masks",
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
        self.books = books
        self.book: NumberBook | None = None
        self.key: KeyValue = ""
        self.owner = owner
        self.single, self.low, self.high = cells[0] if len(cells) == 1 else _MANY
        for book, key in books if len(books) == 1 else ():
            if isinstance(book, NumberBook):
                self.book, self.key = book, key
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
        self._hear(at, lag, noted)
        for book, key in self.books:
            book.record(key, at, fields)
        return True

    def move(self, at: float, number: float, lag: float, noted: list["CalmKeys"]) -> None:
        """Note a sample of which the caller knows that it changes nothing else.

        Args:
            at: event time.
            number: its value of the field ``single``, and of no other.
            lag: arrival minus event time.
            noted: as for :meth:`note`.
        """
        self.at = at
        self.lag = lag
        if not self.dirty:
            self.dirty = True
            noted.append(self)
        if self.book is not None:
            self.book.follow(self.key, at, number)
        else:
            for book, key in self.books:
                book.record(key, at, {self.single: number})

    def _hear(self, at: float, lag: float, noted: list["CalmKeys"]) -> None:
        self.at = at
        self.lag = lag
        if not self.dirty:
            self.dirty = True
            noted.append(self)

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
    books: list[tuple[TrailBook, KeyValue]] = []
    if slot.book is not None:
        books.append((slot.book, sample.subject))
    for running in slot.rules:
        if running.filters:
            if any(name != "subject" for name, _ in running.filters):
                return None  # the subject may report from elsewhere next time
            if not running.accepts(sample.keys):
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
    cells = _cells(slot, keys, sample.fields) if keys else None
    return None if cells is None else CalmKeys(tuple(keys), cells, tuple(books), owner)


def _cells(
    slot: Slot, keys: Sequence[KeyState], fields: Mapping[str, float | bool | str]
) -> tuple[Cell, ...] | None:
    """Return where no condition of some keys changes; None where a field that one reads is no number."""
    cells: dict[str, Cell] = {}
    for cuts in slot.cuts([state.running for state in keys]):
        value = fields.get(cuts.field)
        if not isinstance(value, float) or not math.isfinite(value):
            return None
        cells[cuts.field] = _cell(cuts, value)
    return _shared(tuple(cells.values()))


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


def _cell(cuts: FieldCuts, value: float) -> Cell:
    numbers = cuts.numbers
    if numbers is None:
        return Cell(cuts.field, value, value)
    index = bisect_left(numbers, value)
    if index < len(numbers) and numbers[index] == value:
        return Cell(cuts.field, value, value)
    cell = cuts.cells.get(index)
    if cell is None:
        # an infinity is unknown to conditions, and lies in no cell
        low = nextafter(numbers[index - 1], math.inf) if index else -sys.float_info.max
        ends = index == len(numbers)
        high = sys.float_info.max if ends else nextafter(numbers[index], -math.inf)
        cell = cuts.cells[index] = Cell(cuts.field, low, high)
    return cell
