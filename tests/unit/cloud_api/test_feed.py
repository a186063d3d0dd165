"""The stream's pages: encoded once for all who want the same."""

import pytest

from cloud_api.feed import Change, Page, Position, encode_changes

CHANGES = [
    Change(Position(1, 0), "event", "futian", '{"a":1}', "e-1"),
    Change(Position(1, 1), "case", "futian", '{"b":2}', "c-1"),
    Change(Position(2, 1), "event", "nanshan", '{"c":3}', "e-2"),
]


@pytest.mark.parametrize(
    ("topic", "district", "places"),
    [
        (None, None, [0, 1, 2]),
        ("event", None, [0, 2]),
        (None, "futian", [0, 1]),
        ("case", "nanshan", []),
    ],
    ids=["all", "a-topic", "a-district", "nothing"],
)
def test_a_page_holds_what_is_wanted(
    topic: str | None, district: str | None, places: list[int]
) -> None:
    """In the order of the logs, each with the position to resume from."""
    expected = encode_changes(CHANGES[place] for place in places)

    assert Page(CHANGES).sent(topic, district) == expected


def test_all_who_want_the_same_are_sent_the_same_bytes() -> None:
    """One encoding for the second listener and for the two-thousandth."""
    page = Page(CHANGES)

    assert page.sent(None, "futian") is page.sent(None, "futian")


def test_a_change_is_a_server_sent_event() -> None:
    """With topic, id and data, ended by an empty line."""
    assert encode_changes(CHANGES[:1]).splitlines() == [
        b"id: 1-0",
        b"event: event",
        b'data: {"a":1}',
        b"",
    ]
