"""Trails of a single number: the same rows as a plain list would hold, in whichever form they are kept."""

import math
from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.profiles import PROFILES
from rules.errors import StateError
from rules.number_trail import NumberBook, open_book
from rules.trail import TrailBook

_REACH_S = 60.0
_STEPS = st.lists(st.tuples(st.floats(-50.0, 40.0), st.floats(-1e6, 1e6)), max_size=200)


def _samples(steps: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return times and numbers: mostly forward, now and then back."""
    at, found = 1_000.0, []
    for step, number in steps:
        at += abs(step) if step > -25.0 else 0.0
        found.append((at + min(step, 0.0), number))
    return found


def _within_reach(fed: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return what a trail must still know: all that was no older than its reach when it came."""
    newest, known = -math.inf, list[tuple[float, float]]()
    for at, number in fed:
        if newest - at <= _REACH_S:
            known.insert(bisect_right([one for one, _ in known], at), (at, number))
        newest = max(newest, at)
    return [row for row in known if row[0] >= newest - _REACH_S]


@given(_STEPS)
def test_everything_within_reach_is_there_in_order(steps: list[tuple[float, float]]) -> None:
    """What came no later than the reach allows is found again, in order of event time."""
    book = NumberBook("water_level", "depth_m", _REACH_S)
    fed = _samples(steps)
    for at, number in fed:
        book.record("uw-1", at, {"depth_m": number})

    expected = _within_reach(fed)[-64:]
    begins = expected[0][0] if expected else 0.0
    found = list(book.after("uw-1", math.nextafter(begins, 0.0))) if fed else []
    assert expected == [(at, fields["depth_m"]) for at, fields in found]


@given(_STEPS, st.integers(0, 200))
def test_a_restored_trail_goes_on_like_one_that_never_rested(
    steps: list[tuple[float, float]], rest: int
) -> None:
    """A snapshot taken anywhere and read back comes to the same bytes in the end."""
    fed = _samples([(1.0, 1.0), *steps])
    books = [NumberBook("water_level", "depth_m", _REACH_S) for _ in range(2)]
    for index, (at, number) in enumerate(fed):
        if index and index == rest % len(fed):
            books[1].decode("uw-1", books[1].encode("uw-1"))
        for book in books:
            book.record("uw-1", at, {"depth_m": number})

    assert books[0].encode("uw-1") == books[1].encode("uw-1")


def test_a_slow_sensor_costs_no_more_than_its_rows() -> None:
    """A trail whose reach holds two rows stays a short string of bytes."""
    book = NumberBook("water_level", "depth_m", _REACH_S)
    for index in range(1_000):
        book.record("uw-1", index * 60.0, {"depth_m": 0.1})

    assert len(book.rows["uw-1"]) <= 6 * 16


@pytest.mark.parametrize("blob", [b"\xc4\x00", b"\xc4\x03abc", b"\x91\x01", b"\x80"])
def test_bytes_that_are_no_trail_are_refused(blob: bytes) -> None:
    """A snapshot of another form is an error that names the trail."""
    book = NumberBook("water_level", "depth_m", _REACH_S)

    with pytest.raises(StateError, match="water_level"):
        book.decode("uw-1", blob)


def test_several_fields_are_kept_as_they_are() -> None:
    """Rules that read several fields, or words, get the trail that can hold them."""
    fields = {field.name: field for field in PROFILES["manhole"].fields}
    kinds = {name: type(open_book("a", [name], fields, 1.0)) for name in fields}

    assert {
        name: NumberBook if field.kind == "number" else TrailBook for name, field in fields.items()
    } == kinds
    assert set(kinds.values()) == {NumberBook, TrailBook}
