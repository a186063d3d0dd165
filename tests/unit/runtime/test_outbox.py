"""The outbox: an exact ledger, all-or-nothing batches, one owner, nothing lost."""

import sqlite3
from pathlib import Path

import pytest

from contracts.codec import BoxMessage, decode_box_message, stamp_sent
from contracts.envelope import Channel
from contracts.readings import Readings, Record
from contracts.topics import Kind
from runtime.clock import ManualClock
from runtime.errors import (
    LetterError,
    OutboxBroken,
    OutboxFull,
    OutboxMismatch,
    StoreLocked,
    Transient,
)
from runtime.outbox import Letter, Outbox, OutboxConfig, Stamp
from tests.unit.runtime.letters import (
    BOOT,
    BOX,
    START,
    lane_messages,
    letter,
    letters,
    open_outbox,
    stored,
)


def test_messages_are_numbered_from_zero_in_each_channel(tmp_path: Path) -> None:
    """Each channel counts for itself, and ids name box, boot, channel and seq."""
    outbox = open_outbox(tmp_path)

    outbox.append([letter(), letter(channel=Channel.URGENT), letter()])

    (urgent,) = lane_messages(outbox, Channel.URGENT)
    assert stored(outbox) == [0, 1]
    assert (f"{BOX}/{BOOT}/urgent/0", 0) == (urgent.id, urgent.seq)


def test_the_ledger_counts_what_was_ever_enqueued(tmp_path: Path) -> None:
    """Confirmed messages stay in the ledger; it is the number of messages, exactly."""
    outbox = open_outbox(tmp_path)
    outbox.append(letters(5))
    outbox.confirm(BOOT, Channel.READINGS, 3)

    ledger = outbox.ledger()

    assert ledger == {(BOOT, Channel.READINGS): 5}
    assert stored(outbox) == [4]


def test_a_stored_message_is_stamped_when_it_leaves(tmp_path: Path) -> None:
    """The stored payload is a whole message without ``sent_at``; stamping adds it."""
    outbox = open_outbox(tmp_path)
    outbox.append([letter(1.5)])
    (row,) = outbox.pending(BOOT, Channel.READINGS, -1, 10)

    sent = decode_box_message(stamp_sent(row.payload, START, resent=True))

    assert isinstance(sent, Readings)
    assert (sent.sent_at, sent.resent, sent.records[0].v) == (START, True, 1.5)
    assert decode_box_message(row.payload).sent_at is None


def test_a_batch_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    """When one letter of a batch cannot be made, none is stored and no number is used up."""
    outbox = open_outbox(tmp_path)
    outbox.append(letters(2))

    def fail(_stamp: Stamp) -> BoxMessage:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        outbox.append(
            [
                letter(),
                letter(channel=Channel.COUNTS),
                Letter(Channel.READINGS, Kind.READINGS, fail),
            ]
        )
    outbox.append([letter()])

    assert stored(outbox) == [0, 1, 2]
    assert outbox.ledger() == {(BOOT, Channel.READINGS): 3}


def test_a_message_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """What no hub would take is refused before it is stored, and named."""
    outbox = open_outbox(tmp_path)

    with pytest.raises(LetterError, match=r"box-1/.*/readings/0: \d+ bytes; expected at most"):
        outbox.append([letter(padding="x" * 262_144)])

    assert outbox.ledger() == {}


def test_a_composer_that_ignores_its_stamp_is_refused(tmp_path: Path) -> None:
    """A message under another number could never be acknowledged."""

    def compose(stamp: Stamp) -> BoxMessage:
        fields = stamp._asdict() | {"seq": 99}
        return Readings(**fields, at=START, records=(Record(bn="a/", n="b", v=1.0),))

    with pytest.raises(LetterError, match="compose must copy the stamp"):
        open_outbox(tmp_path).append([Letter(Channel.READINGS, Kind.READINGS, compose)])


def test_a_new_boot_counts_afresh_and_keeps_the_old_rows_first(tmp_path: Path) -> None:
    """After a restart the former boot's messages are still there, before the new ones."""
    first = open_outbox(tmp_path)
    first.append(letters(3))
    first.close()
    other = "00000000000000bb"

    second = open_outbox(tmp_path, boot_id=other)
    second.append(letters(2))

    assert [(BOOT, Channel.READINGS), (other, Channel.READINGS)] == second.lanes()
    assert stored(second) == [0, 1, 2]
    assert stored(second, boot_id=other) == [0, 1]
    assert {(BOOT, Channel.READINGS): 3, (other, Channel.READINGS): 2} == second.ledger()


@pytest.mark.parametrize(
    ("boot_id", "channel", "through"),
    [
        pytest.param("00000000000000ff", Channel.READINGS, 0, id="unknown boot"),
        pytest.param(BOOT, Channel.TRACKS, 0, id="unknown channel"),
        pytest.param(BOOT, Channel.READINGS, 3, id="number never given"),
    ],
)
def test_an_acknowledgement_of_what_never_was_frees_nothing(
    tmp_path: Path, boot_id: str, channel: Channel, through: int
) -> None:
    """Such a mistake elsewhere is counted, and no message is let go for it."""
    outbox = open_outbox(tmp_path)
    outbox.append(letters(3))

    freed = outbox.confirm(boot_id, channel, through)

    assert freed == 0
    assert stored(outbox) == [0, 1, 2]
    assert outbox.counters["acks_ignored"] == 1


def test_only_one_process_may_own_an_outbox(tmp_path: Path) -> None:
    """Two writers would give the same numbers twice; the second is refused."""
    owner = open_outbox(tmp_path)

    with pytest.raises(StoreLocked, match="another process has it open"):
        open_outbox(tmp_path)

    owner.close()
    open_outbox(tmp_path).close()


def test_an_outbox_with_messages_stays_with_its_box(tmp_path: Path) -> None:
    """Renaming a box while messages wait is refused; an empty outbox may be renamed."""
    outbox = open_outbox(tmp_path)
    outbox.append(letters(1))
    outbox.close()

    with pytest.raises(OutboxMismatch, match="holds 1 messages of box 'box-1'"):
        open_outbox(tmp_path, box="box-2")

    outbox = open_outbox(tmp_path)
    outbox.confirm(BOOT, Channel.READINGS, 0)
    outbox.close()
    open_outbox(tmp_path, box="box-2").close()


def test_a_file_that_is_no_outbox_is_refused(tmp_path: Path) -> None:
    """A file of something else is left alone and named."""
    (tmp_path / "outbox.db").write_bytes(b"not a database, but long enough to be looked at" * 50)

    with pytest.raises(OutboxBroken, match=r"outbox\.db: SQLite says SQLITE_NOTADB"):
        open_outbox(tmp_path)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """An outbox written by a newer version is not touched."""
    with sqlite3.connect(tmp_path / "outbox.db") as file:
        file.execute("PRAGMA user_version = 99")
    file.close()

    with pytest.raises(OutboxMismatch, match="schema 99; this version reads 1"):
        open_outbox(tmp_path)


def test_a_full_file_refuses_the_batch_and_keeps_everything(tmp_path: Path) -> None:
    """At SQLite's page limit an append raises OutboxFull; what was stored stays; room helps."""
    outbox = open_outbox(tmp_path)
    outbox.append(letters(100))
    (pages,) = outbox._file.execute("PRAGMA page_count").fetchone()
    outbox._file.execute(f"PRAGMA max_page_count = {pages + 2}")

    def fill() -> None:
        for _ in range(100):
            outbox.append(letters(10))

    with pytest.raises(OutboxFull, match="nothing stored is lost; free disk space") as caught:
        fill()
    kept = stored(outbox)
    next_seq = outbox.next_seq(BOOT, Channel.READINGS)
    outbox._file.execute("PRAGMA max_page_count = 100000")
    outbox.append(letters(1))

    assert isinstance(caught.value, Transient)
    assert caught.value.need_bytes > 1000
    assert list(range(next_seq)) == kept
    assert [*kept, next_seq] == stored(outbox)


def test_it_opens_as_configured(tmp_path: Path) -> None:
    """The configuration's path and durability reach SQLite; FULL is the default."""
    config = OutboxConfig(path=str(tmp_path / "o.db"))

    outbox = Outbox.open(config, box=BOX, boot_id=BOOT, clock=ManualClock(START))

    (synchronous,) = outbox._file.execute("PRAGMA synchronous").fetchone()
    (journal,) = outbox._file.execute("PRAGMA journal_mode").fetchone()
    assert (synchronous, journal) == (2, "wal")
