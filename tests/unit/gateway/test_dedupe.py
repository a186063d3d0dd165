"""The ledgers of messages and statements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Channel
from gateway.dedupe import IN_ORDER, Dedupe, StatementLedger, Verdict

KEY = ("box-1", "00000000000000aa", Channel.READINGS)


def test_first_message_is_new_and_its_repetition_is_not() -> None:
    """Showing the same message twice gives NEW, then DUPLICATE."""
    dedupe = Dedupe()

    assert Verdict.NEW is dedupe.observe(*KEY, 0)
    assert Verdict.DUPLICATE is dedupe.observe(*KEY, 0)


def test_through_stays_before_a_gap() -> None:
    """A stream is complete only as far as it is contiguous from 0."""
    dedupe = Dedupe()
    for seq in (0, 1, 3, 4):
        dedupe.observe(*KEY, seq)

    assert dedupe.through(*KEY) == 1
    assert dedupe.waiting() == 2


def test_stream_that_begins_in_the_middle_is_not_acknowledged() -> None:
    """What came before the first seq that was seen may still be under way."""
    dedupe = Dedupe()
    dedupe.observe(*KEY, 7)

    assert dedupe.through(*KEY) == -1


@given(st.permutations(range(40)), st.lists(st.integers(0, 39), max_size=40))
def test_any_order_with_repetitions_counts_every_message_once(
    order: list[int], again: list[int]
) -> None:
    """Shuffled and repeated, each message is new exactly once and the stream is complete."""
    dedupe = Dedupe()
    verdicts = [dedupe.observe(*KEY, seq) for seq in [*order, *again]]

    assert verdicts.count(Verdict.NEW) == 40
    assert dedupe.through(*KEY) == 39
    assert dedupe.waiting() == 0


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=30),
    st.lists(st.integers(0, 60), max_size=60),
)
def test_ranges_fill_like_the_messages_they_stand_for(
    ranges: list[tuple[int, int]], seqs: list[int]
) -> None:
    """A dropped range leaves the same ledger as its messages one by one."""
    by_range, one_by_one = Dedupe(), Dedupe()
    for first, last in ((min(pair), max(pair)) for pair in ranges):
        by_range.observe(*KEY, last, from_seq=first)
        for seq in range(first, last + 1):
            one_by_one.observe(*KEY, seq)
    for seq in seqs:
        assert one_by_one.observe(*KEY, seq) is by_range.observe(*KEY, seq)

    assert one_by_one.through(*KEY) == by_range.through(*KEY)


@given(st.lists(st.integers(0, 50), max_size=80), st.integers(0, 80))
def test_checkpointed_ledger_goes_on_as_if_nothing_happened(seqs: list[int], cut: int) -> None:
    """Restored from its dirty pieces at any point, a ledger gives the same verdicts."""
    dedupe, saved = Dedupe(), dict[str, bytes]()
    for seq in seqs[:cut]:
        dedupe.observe(*KEY, seq)
        saved.update({k: v for k, v in dedupe.take_dirty().items() if v is not None})
    restored = Dedupe()
    restored.restore(saved)

    assert [dedupe.observe(*KEY, s) for s in seqs[cut:]] == [
        restored.observe(*KEY, s) for s in seqs[cut:]
    ]


def test_full_ledger_refuses_what_lies_beyond_the_gap() -> None:
    """A bound on what waits beyond a gap: the box keeps the rest and sends it again."""
    dedupe = Dedupe(max_beyond=3)
    verdicts = [dedupe.observe(*KEY, seq) for seq in (5, 6, 7, 8)]

    assert verdicts == [Verdict.NEW] * 3 + [Verdict.REFUSED]
    assert Verdict.NEW is dedupe.observe(*KEY, 0)


def test_giant_dropped_range_beyond_a_gap_is_refused() -> None:
    """A range nobody could hold in memory costs nothing."""
    dedupe = Dedupe()

    assert Verdict.REFUSED is dedupe.observe(*KEY, 10**15, from_seq=5)


def test_gap_is_given_up_only_after_time_and_several_knocks() -> None:
    """After total loss of state a stream goes on once the box has nothing lower to send."""
    dedupe = Dedupe(gap_after_s=600)
    dedupe.observe(*KEY, 500)
    early = [dedupe.knock(*KEY, 500, now) for now in (0.0, 100.0, 599.0)]
    given_up = dedupe.knock(*KEY, 500, 601.0)

    assert early == [0, 0, 0]
    assert given_up == 500
    assert dedupe.missing == 500
    assert dedupe.through(*KEY) == 500


def test_knock_from_behind_the_lowest_message_counts_for_nothing() -> None:
    """Only the message right behind the gap tells that the box has nothing lower."""
    dedupe = Dedupe(gap_after_s=0.001)
    dedupe.observe(*KEY, 5)
    dedupe.observe(*KEY, 9)
    knocks = [dedupe.knock(*KEY, 9, float(now)) for now in range(10)]

    assert knocks == [0] * 10


def test_lower_message_restarts_the_count_against_a_gap() -> None:
    """A lower seq that still arrives proves that the box was not done."""
    dedupe = Dedupe(gap_after_s=10)
    dedupe.observe(*KEY, 5)
    for now in (0.0, 5.0):
        dedupe.knock(*KEY, 5, now)
    dedupe.observe(*KEY, 3)

    assert dedupe.knock(*KEY, 5, 100.0) == 0
    assert dedupe.knock(*KEY, 3, 100.0) == 0


def test_oldest_boot_is_forgotten_first() -> None:
    """A box that reboots for ever does not grow the ledger."""
    dedupe = Dedupe(max_boots=2)
    for boot in ("a", "b", "a", "c"):
        dedupe.observe("box-1", boot * 16, Channel.READINGS, 0)

    assert dedupe.through("box-1", "b" * 16, Channel.READINGS) == -1
    assert dedupe.through("box-1", "a" * 16, Channel.READINGS) == 0
    assert None is dedupe.take_dirty()["box-1/" + "b" * 16 + "/readings"]


@pytest.mark.parametrize(
    ("revs", "expected"),
    [
        ((0, 1, 2), [True, True, True]),
        ((0, 0, 1), [True, False, True]),
        ((2, 1, 0), [True, False, False]),
        ((0, 5, 3, 6), [True, True, False, True]),
    ],
    ids=["in order", "repeated", "reversed", "overtaken"],
)
def test_higher_revision_wins(revs: tuple[int, ...], expected: list[bool]) -> None:
    """A statement counts only when it says something newer about its episode."""
    ledger = StatementLedger()

    assert expected == [ledger.observe("episode", rev, n) for n, rev in enumerate(revs)]


def test_statement_ledger_forgets_the_same_after_a_restart() -> None:
    """Order of forgetting is part of what a checkpoint keeps."""
    ledger = StatementLedger(capacity=2)
    ledger.observe("a", 0, 1)
    ledger.observe("b", 0, 2)
    ledger.observe("a", 1, 3)
    restored = StatementLedger(capacity=2)
    restored.restore({k: v for k, v in ledger.take_dirty().items() if v is not None})
    for either in (ledger, restored):
        either.observe("c", 0, 4)

    assert ledger.observe("b", 0, 5)
    assert restored.observe("b", 0, 5)
    assert ledger.take_dirty().keys() >= {"a", "b", "c"}
    assert [restored.observe("c", 0, 6), restored.observe("a", 1, 6)] == [False, True]


def test_lane_in_order_takes_nothing_beyond_a_gap() -> None:
    """What overtook a lost message is refused until that has come."""
    dedupe = Dedupe(in_order=IN_ORDER)
    verdicts = [dedupe.observe(*KEY, seq) for seq in (0, 2, 3, 1, 2, 3)]

    refused, new = Verdict.REFUSED, Verdict.NEW
    assert verdicts == [new, refused, refused, new, new, new]


@given(st.lists(st.integers(0, 30), max_size=200))
def test_lane_in_order_takes_each_seq_once_and_ascending(seqs: list[int]) -> None:
    """Whatever arrives in whatever order, what is taken counts up from 0 without a hole."""
    dedupe = Dedupe(in_order=IN_ORDER)
    taken = [seq for seq in seqs if dedupe.observe(*KEY, seq) is Verdict.NEW]

    assert taken == list(range(len(taken)))


def test_lane_in_order_goes_on_behind_a_gap_that_was_given_up() -> None:
    """After total loss of state the first message that keeps knocking begins the lane anew."""
    dedupe = Dedupe(gap_after_s=10, in_order=IN_ORDER)
    for now in (0.0, 5.0):
        dedupe.observe(*KEY, 500)
        dedupe.knock(*KEY, 500, now)
    given_up = dedupe.knock(*KEY, 500, 11.0)

    assert given_up == 500
    assert dedupe.observe(*KEY, 500) is Verdict.NEW
    assert dedupe.observe(*KEY, 501) is Verdict.NEW


def test_journalled_message_beyond_a_gap_ends_that_gap() -> None:
    """A recovery believes the journal: what it holds beyond a gap was taken after giving that up."""
    dedupe = Dedupe(in_order=IN_ORDER)
    dedupe.remember(*KEY, 500)

    assert dedupe.observe(*KEY, 501) is Verdict.NEW
    assert dedupe.observe(*KEY, 499) is Verdict.DUPLICATE
