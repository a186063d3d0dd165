"""The audit must see a planted drop and a planted double, else its zeros mean nothing."""

from datetime import UTC, datetime

import pytest

from cityloop.audit.books import AuditReport, EventRow, Lane, MessageRow, audit, percentile

LANE = Lane("box-1", "0" * 16, "readings")
ONSET = datetime(2026, 7, 1, tzinfo=UTC)


def _message(seq: int, *, first: int | None = None, given_up: bool = False) -> MessageRow:
    return MessageRow(LANE, seq if first is None else first, seq, given_up)


def _event(event_id: str, rev: int = 0, subject: str = "uw-01") -> EventRow:
    return EventRow(event_id, rev, "waterlogging", (("subject", subject),), ONSET)


def _audit(
    messages: list[MessageRow], expected: list[EventRow], found: list[EventRow], total: int = 3
) -> AuditReport:
    return audit(ledger={LANE: total}, journal=messages, expected=expected, found=found)


def test_a_whole_run_has_nothing_lost_and_nothing_twice() -> None:
    """Three messages journalled once and two statements at the API count as zero and zero."""
    rows = [_event("a"), _event("a", 1)]

    report = _audit([_message(0), _message(2), _message(1)], rows, rows)

    assert (report.lost, report.duplicates) == (0, 0)


def test_one_missing_message_is_one_lost() -> None:
    """A seq below the ledger's count that no journal row covers is lost."""
    report = _audit([_message(0), _message(2)], [], [])

    assert (report.lost, report.duplicates) == (1, 0)
    assert report.examples == (f"message box-1/{'0' * 16}/readings/1 not journalled",)


def test_one_message_journalled_twice_is_one_duplicate() -> None:
    """The same seq in two journal rows is a duplicate."""
    report = _audit([_message(0), _message(1), _message(1), _message(2)], [], [])

    assert (report.lost, report.duplicates) == (0, 1)


def test_a_confessed_gap_is_not_silent_loss() -> None:
    """A dropped.v1 covers its range and is counted by itself."""
    report = _audit([_message(1, first=0, given_up=True), _message(2)], [], [])

    assert (report.lost, report.given_up_messages) == (0, 2)


def test_a_confession_over_what_arrived_is_no_duplicate() -> None:
    """A box may give up a message whose acknowledgement was still on its way."""
    report = _audit([_message(0), _message(1, first=0, given_up=True), _message(2)], [], [])

    assert (report.lost, report.duplicates) == (0, 0)


def test_one_missing_statement_is_one_lost() -> None:
    """A revision that the journal implies and the API lacks is lost."""
    report = _audit([_message(i) for i in range(3)], [_event("a"), _event("a", 1)], [_event("a")])

    assert (report.lost, report.duplicates) == (1, 0)


def test_one_episode_under_two_ids_is_one_duplicate() -> None:
    """Two event ids for the same rule, key and onset are one episode told twice."""
    rows = [_event("a"), _event("b")]

    report = _audit([_message(i) for i in range(3)], rows, rows)

    assert (report.lost, report.duplicates) == (0, 1)


def test_a_statement_nobody_expected_is_named() -> None:
    """An event at the API that the journal does not imply is reported."""
    report = _audit([_message(i) for i in range(3)], [], [_event("a")])

    assert report.unexpected_statements == 1


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.99, None),
        ([5.0], 0.5, 5.0),
        ([float(value) for value in range(1, 101)], 0.99, 99.0),
        ([3.0, 1.0, 2.0], 1.0, 3.0),
    ],
    ids=["none", "one", "hundred", "largest"],
)
def test_percentile_is_nearest_rank(
    values: list[float], share: float, expected: float | None
) -> None:
    """The percentile is a value that was seen, never an interpolation."""
    assert percentile(values, share) == expected
