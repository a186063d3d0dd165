"""The outbox over its budget: the least gives way, and one message confesses what is gone."""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.envelope import Channel
from contracts.status import Dropped
from runtime.clock import ManualClock
from runtime.outbox import Outbox
from tests.unit.runtime.letters import (
    BOOT,
    BOX,
    START,
    covered,
    lane_messages,
    letter,
    letters,
    open_outbox,
    stored,
)


def test_over_budget_the_oldest_give_way_to_one_confession(tmp_path: Path) -> None:
    """The oldest messages are replaced by one ``dropped.v1`` that names their range."""
    outbox = open_outbox(tmp_path, budget_rows=128)
    outbox.append(letters(128))

    outbox.append(letters(10))

    first, *rest = lane_messages(outbox)
    assert isinstance(first, Dropped)
    assert (first.from_seq, first.reason, first.at) == (0, "outbox_budget", START)
    assert not any(isinstance(message, Dropped) for message in rest)
    assert list(range(138)) == covered([first, *rest])
    assert outbox.counters["dropped"] == first.seq + 1


def test_neighbouring_confessions_become_one(tmp_path: Path) -> None:
    """However often the budget is exceeded, one message confesses it all."""
    outbox = open_outbox(tmp_path, budget_rows=128)
    for _ in range(50):
        outbox.append(letters(20))

    messages = lane_messages(outbox)

    confessions = [message for message in messages if isinstance(message, Dropped)]
    assert len(confessions) == 1
    assert list(range(1000)) == covered(messages)
    assert outbox.rows <= 128


def test_tracks_go_before_readings_and_urgent_ones_last(tmp_path: Path) -> None:
    """The least important lane pays first; urgent messages stay while anything else can go."""
    outbox = open_outbox(tmp_path, budget_rows=300)
    for channel in (Channel.URGENT, Channel.OBSERVATIONS, Channel.READINGS, Channel.COUNTS):
        outbox.append(letters(50, channel))
    outbox.append(letters(100, Channel.TRACKS))
    assert outbox.counters["dropped"] == 0

    outbox.append(letters(90, Channel.URGENT))
    assert list(range(50)) == stored(outbox, Channel.COUNTS)

    outbox.append(letters(90, Channel.URGENT))

    assert list(range(230)) == stored(outbox, Channel.URGENT)
    assert list(range(50)) == stored(outbox, Channel.OBSERVATIONS)
    assert stored(outbox, Channel.TRACKS) == [99]
    assert stored(outbox, Channel.COUNTS) == [49]
    assert len(stored(outbox, Channel.READINGS)) < 50


def test_the_byte_budget_counts_bytes(tmp_path: Path) -> None:
    """Few but large messages are given up as well."""
    outbox = open_outbox(tmp_path, budget_bytes=200_000)

    for _ in range(10):
        outbox.append([letter(padding="x" * 50_000)])

    assert outbox.size_bytes <= 200_000
    assert list(range(10)) == covered(lane_messages(outbox))
    assert len(stored(outbox)) >= 3


def test_a_confession_can_be_confirmed(tmp_path: Path) -> None:
    """An acknowledgement passes the gap like any message."""
    outbox = open_outbox(tmp_path, budget_rows=128)
    outbox.append(letters(200))
    confession = stored(outbox)[0]

    outbox.confirm(BOOT, Channel.READINGS, confession)

    assert stored(outbox)[0] == confession + 1


_step = st.one_of(
    st.tuples(st.just("append"), st.sampled_from(list(Channel)), st.integers(1, 60)),
    st.tuples(st.just("confirm"), st.sampled_from(list(Channel)), st.integers(0, 200)),
    st.tuples(st.just("reopen"), st.just(Channel.READINGS), st.just(0)),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(_step, max_size=30))
def test_every_seq_is_there_confessed_or_confirmed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Channel, int]]
) -> None:
    """Whatever happens, each lane covers exactly what was enqueued and not confirmed, in order."""
    folder = tmp_path_factory.mktemp("outbox")
    outbox = open_outbox(folder, budget_rows=100)
    enqueued = dict.fromkeys(Channel, 0)
    confirmed = dict.fromkeys(Channel, -1)
    for action, channel, number in steps:
        if action == "append":
            outbox.append(letters(number, channel))
            enqueued[channel] += number
        elif action == "confirm":
            outbox.confirm(BOOT, channel, number)
            if number < enqueued[channel]:
                confirmed[channel] = max(confirmed[channel], number)
        else:
            outbox.close()
            outbox = open_outbox(folder, budget_rows=100)

    for channel in Channel:
        messages = lane_messages(outbox, channel)
        seqs = covered(messages)
        assert seqs == list(range(seqs[0] if seqs else 0, enqueued[channel] if seqs else 0))
        # a confession may reach back over confirmed ones; nothing unconfirmed may be missing
        assert not seqs or seqs[0] <= confirmed[channel] + 1
        assert bool(seqs) == (confirmed[channel] + 1 < enqueued[channel])
        assert outbox.next_seq(BOOT, channel) == enqueued[channel]
    rows = {channel: len(stored(outbox, channel)) for channel in Channel}
    size = sum(len(row.payload) for c in Channel for row in outbox.pending(BOOT, c, -1, 10**6))
    outbox.close()
    assert (sum(rows.values()), size) == (outbox.rows, outbox.size_bytes)
    assert outbox.rows <= 100


@settings(max_examples=6, deadline=None)
@given(sizes=st.lists(st.integers(0, 900), min_size=60, max_size=90))
def test_no_observation_goes_while_a_track_could(sizes: list[int]) -> None:
    """Whatever the sizes, what the confession itself takes is not made up for by a better lane."""
    with tempfile.TemporaryDirectory() as folder:
        outbox = open_outbox(Path(folder), budget_bytes=30_000)
        try:
            outbox.append(letters(3, Channel.OBSERVATIONS) + letters(3, Channel.URGENT))
            for size in sizes:
                outbox.append([letter(0.0, Channel.TRACKS, "x" * size)])

            assert stored(outbox, Channel.OBSERVATIONS) == [0, 1, 2]
            assert stored(outbox, Channel.URGENT) == [0, 1, 2]
        finally:
            outbox.close()


def test_what_is_too_old_is_confessed_and_what_was_noticed_is_kept(tmp_path: Path) -> None:
    """Two hours on, readings older than one are one confession; the observation and the new ones wait."""
    clock = ManualClock(START)
    outbox = Outbox(
        tmp_path / "outbox.db", box=BOX, boot_id=BOOT, clock=clock, max_age=timedelta(hours=1)
    )
    outbox.append([*letters(5), *letters(2, Channel.OBSERVATIONS)])
    clock.advance(1800.0)
    outbox.append(letters(3))
    clock.advance(2000.0)
    outbox.append(letters(1))
    said = lane_messages(outbox)
    confession = said[0]

    assert isinstance(confession, Dropped)
    assert (confession.from_seq, confession.seq, confession.reason) == (0, 4, "outbox_age")
    assert [message.seq for message in said] == [4, 5, 6, 7, 8]
    assert covered(said) == list(range(9))
    assert stored(outbox, Channel.OBSERVATIONS) == [0, 1]
    assert outbox.counters["dropped"] == 5

    clock.advance(7200.0)
    outbox.append(letters(1))
    later = lane_messages(outbox)
    outbox.close()

    assert [message.seq for message in later] == [8, 9]
    assert covered(later) == list(range(10))


@pytest.mark.parametrize("padding", [500, 900, 1400], ids=["small", "a kilobyte", "large"])
def test_the_file_is_hardly_larger_than_what_is_in_it(tmp_path: Path, padding: int) -> None:
    """Rows of the size of tracks share pages, also while the oldest give way to new ones."""
    outbox = open_outbox(tmp_path, budget_bytes=1_000_000)
    channels = (Channel.READINGS, Channel.TRACKS, Channel.TRACKS, Channel.OBSERVATIONS)
    for number in range(100):
        outbox.append([letter(number, one, "x" * padding) for one in channels * 5])
    kept = outbox.size_bytes
    outbox._file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    ratio = outbox.path.stat().st_size / kept

    assert outbox.counters["dropped"] > 0
    assert ratio < 1.6
