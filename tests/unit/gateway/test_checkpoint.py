"""Checkpoints: all or nothing, in portions, and never older than what is already there."""

import sqlite3
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.checkpoint import CheckpointStore, Position, Space
from gateway.checkpoint_keeper import CheckpointKeeper
from gateway.errors import StoreVersionError
from gateway.explain import explain
from gateway.rule_packs import PackSource
from tests.unit.gateway.city import DISTRICT, PACK, START, City, pressed

Pieces = dict[Space, dict[str, bytes | None]]


class _State:
    """State that changes under the test's hand."""

    def __init__(self) -> None:
        self.dirty: Pieces = {}

    def take(self) -> Pieces:
        taken, self.dirty = self.dirty, {}
        return taken


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    """Return an empty store."""
    return CheckpointStore(tmp_path / "checkpoint.sqlite")


def test_saved_pieces_come_back_and_removed_ones_do_not(store: CheckpointStore) -> None:
    """A blob of None takes its key out; the position is that of the last save."""
    store.save({Space.ENGINE: {"a": b"1", "b": b"2"}, Space.MARKS: {"a": b"3"}}, Position(5, 4))
    store.save({Space.ENGINE: {"a": None, "c": b"4"}}, Position(9, 9))

    assert store.load(Space.ENGINE) == {"b": b"2", "c": b"4"}
    assert store.load(Space.MARKS) == {"a": b"3"}
    assert store.position() == Position(9, 9)


def test_newer_schema_is_refused(tmp_path: Path) -> None:
    """An older gateway does not touch what a newer one wrote."""
    CheckpointStore(tmp_path / "c.sqlite").close()
    with sqlite3.connect(tmp_path / "c.sqlite") as database:
        database.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(StoreVersionError, match="99"):
        CheckpointStore(tmp_path / "c.sqlite")


def test_keeper_saves_when_the_time_or_the_count_has_come(store: CheckpointStore) -> None:
    """Whichever bound is met first."""
    state = _State()
    keeper = CheckpointKeeper(store, state.take, every_s=5.0, every_records=100)
    positions = []
    for now_s, offset in ((0.0, 1), (4.9, 50), (5.0, 51), (5.1, 150), (5.2, 151), (9.0, 160)):
        keeper.step(now_s, Position(offset, offset))
        positions.append(keeper.saved.next_offset)

    assert positions == [0, 0, 51, 51, 151, 151]


def test_failed_save_is_repeated_with_what_is_newest(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing collected is lost, and an older value never overwrites a newer one."""
    state = _State()
    keeper = CheckpointKeeper(store, state.take, every_s=1.0, every_records=100)
    store._db.execute("PRAGMA query_only=1")
    state.dirty = {Space.ENGINE: {"a": b"old", "b": b"kept"}}
    with capture_logs() as logs:
        keeper.step(0.0, Position(1, 1))
        keeper.step(1.0, Position(2, 2))
    store._db.execute("PRAGMA query_only=0")
    state.dirty = {Space.ENGINE: {"a": b"new"}}
    keeper.step(2.0, Position(3, 3))

    assert [log["event"] for log in logs] == ["checkpoint_failed"]
    assert store.load(Space.ENGINE) == {"a": b"new", "b": b"kept"}
    assert keeper.counters == {"failures": 1, "checkpoints": 1}


def test_keeper_in_its_thread_writes_what_it_was_handed_before_it_ends(
    store: CheckpointStore,
) -> None:
    """Stopping does not drop a checkpoint that was handed over."""
    state, stop = _State(), threading.Event()
    keeper = CheckpointKeeper(store, state.take, every_s=1.0, every_records=100)
    thread = threading.Thread(target=keeper.run, args=(stop.is_set,))
    keeper._threaded = True
    state.dirty = {Space.ENGINE: {"a": b"1"}}
    keeper.save(Position(7, 7))
    untouched = store.position()
    stop.set()
    thread.start()
    thread.join(10)

    assert untouched is None
    assert store.load(Space.ENGINE) == {"a": b"1"}
    assert keeper.saved == Position(7, 7)


def test_pruned_journal_still_explains_and_recovers(tmp_path: Path) -> None:
    """With checkpoint, outbox and the journal's beginning gone, the configured packs stand in."""
    city = City(tmp_path)
    city.run(3)
    journal = city.gateway.worker._journal
    journal._begin_segment(journal.end_offset)
    city.send(pressed(0, city.clock.now()))
    city.step()
    journal._budget_bytes = 0
    journal.prune(journal.end_offset - 1)
    state = tmp_path / "state"
    (state / "checkpoint.sqlite").rename(tmp_path / "gone.sqlite")
    city.restart()
    event = city.api.events[0]
    explanation = explain(
        event.event_id,
        outbox=tmp_path / "no-outbox.sqlite",
        journal=state / "journal",
        default_district=DISTRICT,
        skew_s=300.0,
        late_s=300.0,
        packs=(PackSource("pack.yaml", PACK),),
    )

    assert journal.first_offset > 0
    assert event.onset_at > START
    assert explanation.source == "journal"
    assert explanation.statements[0].deciding is not None
    assert [row.event_id for row in city.gateway.outbox.history(event.event_id)] == [event.event_id]
