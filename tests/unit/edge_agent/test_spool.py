"""Pictures waiting on disk, and the courier that carries them."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from edge.evidence.courier import Courier
from edge.evidence.memory_store import MemoryEvidenceStore
from edge.evidence.ports import UploadFailed, UploadRefused
from edge.evidence.spool import Spool

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


class BrokenStore(MemoryEvidenceStore):
    """A store that raises what it is told to before it takes anything."""

    def __init__(self, errors: list[Exception]) -> None:
        super().__init__()
        self.errors = errors

    def put(self, sha256: str, data: bytes, media_type: str) -> None:
        """Raise the next error, or keep the bytes."""
        if self.errors:
            raise self.errors.pop(0)
        super().put(sha256, data, media_type)


def test_a_picture_is_named_by_its_hash(tmp_path: Path) -> None:
    """What is added can be read under its SHA-256, once."""
    spool = Spool(tmp_path, 1000)
    name = spool.add(b"picture")

    assert hashlib.sha256(b"picture").hexdigest() == name == spool.add(b"picture")
    assert [name] == list(spool.waiting())
    assert spool.read(name) == b"picture"


def test_pictures_survive_a_restart(tmp_path: Path) -> None:
    """A new spool over the same folder finds them, and clears torn ones away."""
    name = Spool(tmp_path, 1000).add(b"picture")
    (tmp_path / "torn.part").write_bytes(b"pic")

    assert [name] == list(Spool(tmp_path, 1000).waiting())
    assert not (tmp_path / "torn.part").exists()


def test_the_oldest_go_when_the_budget_is_spent(tmp_path: Path) -> None:
    """The budget is kept by giving up the oldest, which is counted."""
    spool = Spool(tmp_path, 250)
    names = []
    for number in range(4):
        names.append(spool.add(bytes([number]) * 100))
        os.utime(tmp_path / f"{names[-1]}.jpg", (number, number))

    assert set(names[-2:]) == set(spool.waiting())
    assert spool.counters["evidence_dropped"] == 2


def test_a_picture_that_is_not_what_its_name_says_is_dropped(tmp_path: Path) -> None:
    """Bytes that a power cut took are not uploaded under a name that lies."""
    spool = Spool(tmp_path, 1000)
    name = spool.add(b"picture")
    (tmp_path / f"{name}.jpg").write_bytes(b"")

    assert spool.read(name) is None
    assert list(spool.waiting()) == []


def test_the_courier_delivers_and_clears(tmp_path: Path) -> None:
    """What has arrived leaves the disk."""
    spool, store = Spool(tmp_path, 1000), MemoryEvidenceStore()
    name = spool.add(b"picture")

    assert Courier(spool, store, Random(1)).step(NOW) == 1
    assert {name: b"picture"} == store.pictures
    assert list(spool.waiting()) == []


def test_the_courier_waits_after_a_failure_and_keeps_the_picture(tmp_path: Path) -> None:
    """A failure is retried after a while, not at once, until it works."""
    spool = Spool(tmp_path, 1000)
    name = spool.add(b"picture")
    store = BrokenStore([UploadFailed("not now")])
    courier = Courier(spool, store, Random(1))

    assert courier.step(NOW) == 0
    assert courier.step(NOW) == 0
    assert [name] == list(spool.waiting())
    assert courier.step(NOW + timedelta(seconds=1.0)) == 1
    assert courier.counters["evidence_retried"] == 1


def test_the_courier_rests_when_nothing_waits_or_waiting_is_no_use(tmp_path: Path) -> None:
    """A box that is done may stop: everything has arrived, or the other side is away."""
    spool = Spool(tmp_path, 1000)
    courier = Courier(spool, BrokenStore([UploadFailed("not now")]), Random(1))
    states = [courier.resting]
    spool.add(b"picture")
    states.append(courier.resting)
    courier.step(NOW)
    states.append(courier.resting)

    assert states == [True, False, True]


def test_a_refused_picture_is_given_up_and_does_not_block_others(tmp_path: Path) -> None:
    """Bytes that will never be taken are counted and deleted; the next ones go on."""
    spool = Spool(tmp_path, 1000)
    spool.add(b"one")
    spool.add(b"two")
    courier = Courier(spool, BrokenStore([UploadRefused("never")]), Random(1))

    assert courier.step(NOW) == 1
    assert courier.counters["evidence_refused"] == 1
    assert list(spool.waiting()) == []


def test_the_memory_store_refuses_bytes_with_another_hash() -> None:
    """A content hash that does not fit is an error, as over HTTP."""
    with pytest.raises(UploadRefused, match="another SHA-256"):
        MemoryEvidenceStore().put("0" * 64, b"picture", "image/jpeg")
