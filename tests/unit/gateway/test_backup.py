"""Backup of a running gateway, and the way back."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from gateway.backup import back_up, restore, verify
from gateway.errors import BackupError
from tests.unit.gateway.city import START, City, journalled


def flooded(folder: Path) -> City:
    """Return a city in the middle of a flood: its gateway runs, and has not raised an alarm yet."""
    city = City(folder / "city", checkpoint_every_s=25.0)
    city.flood(4)
    return city


def test_a_restored_gateway_goes_on_where_it_was(tmp_path: Path) -> None:
    """A timer that ran at the backup fires at the second at which it would have fired."""
    city = flooded(tmp_path)
    manifest = back_up(tmp_path / "city" / "state", tmp_path / "backup", START)
    at_the_backup = city.api.names()
    city.flood(6, first_seq=4)

    twin = City(tmp_path / "twin")
    twin.gateway.close()
    (tmp_path / "twin" / "state").rename(tmp_path / "empty")
    restore(tmp_path / "backup", tmp_path / "twin" / "state")
    twin.clock.advance(4 * 10.0)
    twin.restart()
    twin.flood(6, first_seq=4)

    assert manifest.end_offset > (manifest.checkpoint_offset or 0) > 0
    assert at_the_backup == []
    assert len(city.api.events) == 1
    assert twin.api.events[0].event_id == city.api.events[0].event_id
    assert twin.api.events[0].at == city.api.events[0].at
    assert journalled(twin) == journalled(city)


def test_a_backup_of_a_moving_gateway_is_whole(tmp_path: Path) -> None:
    """What is written meanwhile does no harm: the copies fit together and verify."""
    city = flooded(tmp_path)
    for number in range(3):
        back_up(tmp_path / "city" / "state", tmp_path / f"backup-{number}", START)
        city.flood(2, first_seq=4 + 2 * number)

    manifests = [verify(tmp_path / f"backup-{number}") for number in range(3)]

    assert manifests[0].end_offset < manifests[1].end_offset < manifests[2].end_offset


def test_telemetry_can_be_left_out(tmp_path: Path) -> None:
    """It is the largest store, and the only one that can be done without."""
    flooded(tmp_path)
    manifest = back_up(tmp_path / "city" / "state", tmp_path / "backup", START, telemetry=False)

    names = {file.path for file in manifest.files}
    assert "telemetry.sqlite" not in names
    assert {"checkpoint.sqlite", "events.sqlite", "commands.sqlite"} <= names


def _flip(backup: Path) -> None:
    (segment,) = list((backup / "journal").glob("*.journal"))[:1]
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0xFF
    segment.write_bytes(data)


def _newer(backup: Path) -> None:
    manifest = json.loads((backup / "manifest.json").read_text())
    (backup / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        pytest.param(_flip, "journal", id="a flipped byte"),
        pytest.param(lambda b: (b / "events.sqlite").unlink(), "events.sqlite", id="a store gone"),
        pytest.param(lambda b: (b / "manifest.json").unlink(), "manifest", id="no manifest"),
        pytest.param(lambda b: (b / "extra.sqlite").write_text(""), "extra", id="a strange file"),
        pytest.param(_newer, "format 99", id="a newer format"),
    ],
)
def test_a_backup_that_is_not_good_is_refused(
    tmp_path: Path, spoil: Callable[[Path], object], named: str
) -> None:
    """Verify and restore say what is wrong, and nothing is restored."""
    flooded(tmp_path)
    back_up(tmp_path / "city" / "state", tmp_path / "backup", START)
    spoil(tmp_path / "backup")

    with pytest.raises(BackupError, match=named):
        verify(tmp_path / "backup")
    with pytest.raises(BackupError, match=named):
        restore(tmp_path / "backup", tmp_path / "new")

    assert not (tmp_path / "new").exists()


def test_state_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    """A checkpoint that this program cannot read is not put in place."""
    city = flooded(tmp_path)
    city.gateway.close()
    with closing(sqlite3.connect(tmp_path / "city" / "state" / "checkpoint.sqlite")) as database:
        database.execute("PRAGMA user_version=99")
    back_up(tmp_path / "city" / "state", tmp_path / "backup", START)

    with pytest.raises(BackupError, match="schema version 99"):
        restore(tmp_path / "backup", tmp_path / "new")

    assert not (tmp_path / "new").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Neither an older backup nor a gateway's folder."""
    flooded(tmp_path)
    state = tmp_path / "city" / "state"
    back_up(state, tmp_path / "backup", START)

    with pytest.raises(BackupError, match="exists already"):
        back_up(state, tmp_path / "backup", START)
    with pytest.raises(BackupError, match="not empty"):
        restore(tmp_path / "backup", state)
    with pytest.raises(BackupError, match="no journal"):
        back_up(tmp_path / "nowhere", tmp_path / "other", START)
