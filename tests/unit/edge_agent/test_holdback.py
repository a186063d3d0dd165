"""Messages kept in memory while the disk is full."""

from contracts.envelope import Channel
from contracts.status import Status
from contracts.topics import Kind
from edge.holdback import Holdback
from runtime.outbox import Letter, Stamp


def never(stamp: Stamp) -> Status:
    """Fail: nothing is composed while it is held."""
    raise AssertionError(stamp)


def letters(channel: Channel, count: int) -> list[Letter]:
    """Return letters of one lane."""
    return [Letter(channel, Kind.READINGS, never) for _ in range(count)]


def test_the_least_important_go_first_and_are_counted() -> None:
    """Tracks make room before readings, and urgent messages go last."""
    held = Holdback(limit=10)
    held.add(letters(Channel.URGENT, 4) + letters(Channel.TRACKS, 3) + letters(Channel.READINGS, 3))
    held.add(letters(Channel.OBSERVATIONS, 4))
    kept = [letter.channel for letter in held.letters]

    assert kept == [Channel.URGENT] * 4 + [Channel.READINGS] * 2 + [Channel.OBSERVATIONS] * 4
    assert held.counters == {"letters_lost": 4}


def test_even_urgent_messages_are_bounded() -> None:
    """Memory has an end: beyond it the oldest go."""
    held = Holdback(limit=3)
    held.add(letters(Channel.URGENT, 5))

    assert len(held) == 3
    assert held.counters == {"letters_lost": 2}
