"""A disk that is really full: a small tmpfs, where the tests may mount one."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.envelope import Channel
from runtime.errors import JournalFull, OutboxFull
from runtime.journal import Journal, JournalKind
from runtime.outbox import Outbox
from tests.unit.runtime.letters import BOOT, covered, lane_messages, letter, letters, open_outbox

pytestmark = pytest.mark.slow


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a file system of 24 MB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(mount)],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"no tmpfs may be mounted here: {done.stderr.decode().strip()}")
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=True)


def fill(append: Callable[[], object]) -> None:
    """Append until the disk is full; give up when it never is."""
    for _ in range(10_000):
        append()


def fill_up_the_rest(disk: Path) -> Path:
    """Take what little room a refused batch left, with a file of somebody else's."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return ballast


def reopen(outbox: Outbox, disk: Path) -> Outbox:
    """Close an outbox and open it again."""
    outbox.close()
    return open_outbox(disk)


def test_a_full_disk_refuses_letters_and_loses_none(disk: Path) -> None:
    """The refusal names file, need and remedy; all that was stored is there after a restart."""
    outbox = open_outbox(disk)

    with pytest.raises(OutboxFull, match=r"outbox .*outbox\.db: no room for \d+ more bytes"):
        fill(lambda: outbox.append([letter(padding="x" * 3000) for _ in range(100)]))

    enqueued = outbox.next_seq(BOOT, Channel.READINGS)
    outbox = reopen(outbox, disk)
    assert enqueued == outbox.next_seq(BOOT, Channel.READINGS) > 100
    assert list(range(enqueued)) == covered(lane_messages(outbox))
    outbox.close()


def test_acknowledgements_make_room_on_a_full_disk(disk: Path) -> None:
    """With not a byte to spare, confirmed letters go, and new ones take their place."""
    outbox = open_outbox(disk)
    with pytest.raises(OutboxFull):
        fill(lambda: outbox.append([letter(padding="x" * 3000) for _ in range(100)]))
    fill_up_the_rest(disk)
    assert os.statvfs(disk).f_bavail == 0
    enqueued = outbox.next_seq(BOOT, Channel.READINGS)

    outbox.confirm(BOOT, Channel.READINGS, enqueued - 11)
    outbox.append(letters(5))

    outbox = reopen(outbox, disk)
    assert list(range(enqueued - 10, enqueued + 5)) == covered(lane_messages(outbox))
    outbox.close()


def test_an_outbox_alone_on_a_full_disk_never_locks_itself_out(disk: Path) -> None:
    """Full and emptied again and again, it takes about as many letters every time."""
    outbox = open_outbox(disk)
    taken = []
    for _ in range(4):
        start = outbox.next_seq(BOOT, Channel.READINGS)
        with pytest.raises(OutboxFull):
            fill(lambda: outbox.append([letter(padding="x" * 3000) for _ in range(100)]))
        enqueued = outbox.next_seq(BOOT, Channel.READINGS)
        taken.append(enqueued - start)
        outbox.confirm(BOOT, Channel.READINGS, enqueued - 1)
        assert outbox.rows == 0

    assert min(taken) > 1000
    assert outbox.counters["confirmed"] == sum(taken)
    outbox.close()


def test_it_goes_on_by_itself_when_there_is_room_again(disk: Path) -> None:
    """Once somebody has freed space, the same outbox accepts letters without a restart."""
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(4_000_000))
    outbox = open_outbox(disk)
    with pytest.raises(OutboxFull):
        fill(lambda: outbox.append([letter(padding="x" * 3000) for _ in range(100)]))
    enqueued = outbox.next_seq(BOOT, Channel.READINGS)

    ballast.unlink()
    outbox.append(letters(20))

    assert list(range(enqueued + 20)) == covered(lane_messages(outbox))
    outbox.close()


def test_a_full_disk_refuses_records_and_loses_none(disk: Path) -> None:
    """The journal keeps all earlier records, takes none in half, and goes on when there is room."""
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(4_000_000))
    journal = Journal(disk / "journal", segment_bytes=2_000_000)
    batch = [(JournalKind.MESSAGE, 0, "t", bytes(3000))] * 100

    with pytest.raises(JournalFull, match="no room for 100 more records"):
        fill(lambda: journal.append(batch))
    end = journal.end_offset
    assert list(range(end)) == [record.offset for record in journal.read()]

    ballast.unlink()
    assert journal.append(batch) == end
    journal.close()
    again = Journal(disk / "journal")
    assert again.cut is None
    assert list(range(end + 100)) == [record.offset for record in again.read()]
    again.close()


def test_a_disk_that_is_full_from_the_start_is_told(disk: Path) -> None:
    """An outbox that cannot even be made says so, with what to do."""
    fill_up_the_rest(disk)

    with pytest.raises(OutboxFull, match="free disk space"):
        open_outbox(disk)
