"""The window of the uplink shrinks while messages get lost and grows while they arrive."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.send_window import LEAST_WINDOW, SendWindow
from tests.unit.runtime.letters import letters
from tests.unit.runtime.street import Street


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """Yield a street with a wide window whose outbox is closed afterwards."""
    built = Street(tmp_path, window=800)
    yield built
    built.outbox.close()


def test_a_miss_halves_once_until_something_arrives() -> None:
    """Several requests for the same loss count as one."""
    window = SendWindow(800)

    window.missed()
    window.missed()
    after_one = window.size
    window.confirmed(1)
    window.missed()

    assert (after_one, window.size) == (400, 200)


def test_a_window_that_arrives_makes_it_grow_by_the_least() -> None:
    """All of 400 confirmed: 50 more."""
    window = SendWindow(800)
    window.missed()

    window.confirmed(400)

    assert window.size == 400 + LEAST_WINDOW


@given(
    st.integers(1, 20_000),
    st.lists(st.one_of(st.none(), st.integers(1, 20_000)), max_size=60),
)
def test_it_stays_between_its_bounds(most: int, happened: list[int | None]) -> None:
    """Whatever is missed (None) or arrives: never above ``most``, never below the least."""
    window = SendWindow(most)
    for count in happened:
        if count is None:
            window.missed()
        else:
            window.confirmed(count)

        assert min(LEAST_WINDOW, most) <= window.size <= most


def test_a_box_sends_less_at_once_after_a_loss(street: Street) -> None:
    """A hub that lost everything gets half the next time, and more again when all arrives."""
    street.uplink.send(letters(2_000))
    first = len(street.seqs())
    street.gateway.ack(-1, resend=True)
    again = len(street.seqs())
    street.gateway.ack(399)
    grown = len(street.seqs())

    assert (first, again, grown) == (800, 400, 450)
    assert street.uplink.windows["readings"] == 450
    assert street.uplink.windows["urgent"] == 800
