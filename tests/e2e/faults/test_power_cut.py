"""The power goes right after somebody was told that his data is safe."""

import pytest

from contracts.envelope import Channel
from edge.evidence.spool import Spool
from gateway.event_outbox import EventOutbox
from gateway.telemetry.embedded import EmbeddedTelemetry
from runtime.clock import SystemClock
from runtime.journal import read_journal
from runtime.outbox import Outbox
from tests.e2e.faults.power import CuttableDisk
from tests.e2e.faults.scripts import EVENTS, JOURNAL, OUTBOX, PICTURES, TELEMETRY
from tests.e2e.faults.speaker import Speaker
from tests.unit.gateway.city import BOOT, BOX

pytestmark = pytest.mark.slow

TURNS = 20


def store_and_cut(disk: CuttableDisk, script: str, *settings: str) -> None:
    """Run a script for some turns and cut the power as soon as it said that the last is stored."""
    with Speaker(script, disk.path, *settings) as speaker:
        assert speaker.hear() == "ready"
        disk.settle()
        for _ in range(TURNS):
            speaker.go_on()
            assert speaker.hear() == "stored"
        disk.cut()
        speaker.kill()
    disk.return_power()


def appended(disk: CuttableDisk) -> int:
    """Return how many letters the outbox on a disk numbered, having checked that it has them all."""
    outbox = Outbox(disk.path / "outbox.db", box=BOX, boot_id=BOOT, clock=SystemClock())
    rows, numbered = outbox.rows, outbox.next_seq(BOOT, Channel.READINGS)
    outbox.close()
    assert numbered == rows
    return rows


def test_an_outbox_with_full_sync_keeps_every_letter(disk: CuttableDisk) -> None:
    """What was appended is there: SQLite synced its log before append returned."""
    store_and_cut(disk, OUTBOX, "FULL")

    assert appended(disk) == 1 + TURNS


def test_an_outbox_with_normal_sync_loses_the_last_letters(disk: CuttableDisk) -> None:
    """It is whole, and back where the disk had it: the stated loss, and the proof that we do cut."""
    store_and_cut(disk, OUTBOX, "NORMAL")

    assert appended(disk) == 1


def test_a_synced_journal_keeps_every_record(disk: CuttableDisk) -> None:
    """What was appended is there, and can be appended to."""
    store_and_cut(disk, JOURNAL, "sync")

    payloads = [record.payload for record in read_journal(disk.path / "journal")]
    assert [b"%d" % number for number in range(1 + TURNS)] == payloads


def test_a_journal_without_sync_loses_the_last_records(disk: CuttableDisk) -> None:
    """What the system had not written is gone, and nothing else."""
    store_and_cut(disk, JOURNAL, "unsynced")

    payloads = [record.payload for record in read_journal(disk.path / "journal")]
    assert payloads == [b"0"]


def test_the_event_outbox_keeps_every_event(disk: CuttableDisk) -> None:
    """What was put is pending, to be delivered when the power is back."""
    store_and_cut(disk, EVENTS)

    outbox = EventOutbox(disk.path / "events.sqlite")
    pending = outbox.pending
    outbox.close()
    assert pending == 1 + TURNS


def test_the_evidence_spool_keeps_every_picture(disk: CuttableDisk) -> None:
    """What was added waits for its upload, whole."""
    store_and_cut(disk, PICTURES)

    spool = Spool(disk.path / "evidence", 100_000_000)
    pictures = {spool.read(name) for name in spool.waiting()}
    assert {b"prepared", *(b"picture %d" % number for number in range(TURNS))} == pictures


def test_telemetry_loses_the_last_values(disk: CuttableDisk) -> None:
    """The store is whole and back where the disk had it; the journal still has the values."""
    store_and_cut(disk, TELEMETRY)

    store = EmbeddedTelemetry(disk.path / "telemetry.sqlite")
    values = list(store.read("water-1", "depth_m", from_us=0, to_us=1_000))
    store.close()
    assert len(values) == 1
