"""Ids: their pattern, and the ids derived from what they name."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import IdError
from contracts.ids import check_id, episode_id, new_boot_id, observation_id
from tests.strategies import ids, moments

keys = st.dictionaries(st.text(max_size=6), st.text(max_size=6), min_size=1, max_size=4)


@given(ids)
def test_legal_ids_pass_unchanged(value: str) -> None:
    """Whatever matches the pattern is returned as it is."""
    assert value == check_id(value)


@pytest.mark.parametrize("value", ["", "a_b", "A", "é", "a\n", "\na", "x" * 65, "a" * 64 + "\n"])
def test_illegal_ids_are_refused_by_name(value: str) -> None:
    """The message says what the id was for and what was expected."""
    with pytest.raises(
        IdError, match=r"camera .*: expected 1 to 64 characters of a-z, 0-9 and '-'"
    ):
        check_id(value, "camera")


@given(st.text(max_size=8), keys, moments)
def test_event_ids_do_not_depend_on_zone_or_order(
    rule: str, key: dict[str, str], onset_at: datetime
) -> None:
    """The same episode has the same id on every machine."""
    shuffled = dict(reversed(list(key.items())))

    assert episode_id(rule, key, onset_at) == episode_id(rule, shuffled, onset_at.astimezone(UTC))


@given(st.text(max_size=8), keys, moments)
def test_another_onset_is_another_episode(
    rule: str, key: dict[str, str], onset_at: datetime
) -> None:
    """A microsecond later it is a different id."""
    later = onset_at + timedelta(microseconds=1)

    assert episode_id(rule, key, onset_at) != episode_id(rule, key, later)


def test_a_naive_onset_is_refused() -> None:
    """An id must not depend on the zone of the machine."""
    with pytest.raises(ValueError, match="has no time zone; expected UTC"):
        episode_id("r", {"subject": "s"}, datetime(2026, 7, 20))  # noqa: DTZ001 - that is the point


def test_boot_ids_come_from_the_generator() -> None:
    """Equal generators give equal boot ids, 16 hex digits each, and the next is another."""
    rng = Random(1)
    first, second = new_boot_id(rng), new_boot_id(rng)

    assert first == new_boot_id(Random(1))
    assert first != second
    assert len(first) == 16
    assert int(first, 16) >= 0


@given(ids, ids, ids, moments)
def test_observation_ids_tell_boxes_apart(box: str, other: str, key: str, at: datetime) -> None:
    """Two boxes that see the same thing speak of two episodes."""
    same = observation_id(box, "cam", "kind", key, at) == observation_id(
        other, "cam", "kind", key, at
    )

    assert same == (box == other)
