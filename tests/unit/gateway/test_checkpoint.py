"""Checkpoints: all or nothing, in portions, and never older than what is already there."""

import sqlite3
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.checkpoint import CheckpointStore, Position, Space
from gateway.checkpoint_changes import Blobs, merge_changes, pack_changes, unpack
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
    first: Pieces = {Space.ENGINE: {"a": b"1", "b": b"2"}, Space.MARKS: {"a": b"3"}}
    store.save(pack_changes(first), Position(5, 4))
    store.save(pack_changes({Space.ENGINE: {"a": None, "c": b"4"}}), Position(9, 9))

    assert store.load(Space.ENGINE) == {"b": b"2", "c": b"4"}
    assert store.load(Space.MARKS) == {"a": b"3"}
    assert store.position() == Position(9, 9)


def test_state_of_the_version_before_is_brought_over(tmp_path: Path) -> None:
    """A row for each key becomes a change, once; what is said of it later counts."""
    path = tmp_path / "c.sqlite"
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE state (space TEXT NOT NULL, key TEXT NOT NULL, blob BLOB NOT NULL, "
            "PRIMARY KEY (space, key)) WITHOUT ROWID"
        )
        database.execute(
            "CREATE TABLE position (one INTEGER PRIMARY KEY CHECK (one = 1), "
            "next_offset INTEGER NOT NULL, telemetry_offset INTEGER NOT NULL)"
        )
        rows = [("engine", "a", b"1"), ("engine", "b", b"2"), ("marks", "m", b"3")]
        database.executemany("INSERT INTO state VALUES (?,?,?)", rows)
        database.execute("INSERT INTO position VALUES (1,7,6)")
        database.execute("PRAGMA user_version=2")
    database.close()
    raised = CheckpointStore(path)
    raised.save(pack_changes({Space.ENGINE: {"b": b"new"}}), Position(8, 8))
    raised.close()
    again = CheckpointStore(path)

    assert again.load(Space.ENGINE) == {"a": b"1", "b": b"new"}
    assert again.load(Space.MARKS) == {"m": b"3"}
    assert again.position() == Position(8, 8)


def _stored_bytes(store: CheckpointStore) -> int:
    (total,) = store._db.execute("SELECT TOTAL(LENGTH(packed)) FROM change").fetchone()
    return int(total)


_saves = st.lists(
    st.dictionaries(st.text("abc", max_size=2), st.none() | st.binary(max_size=3), max_size=6),
    max_size=4,
)


@given(saves=_saves, folds=st.lists(st.integers(0, 40), min_size=4, max_size=4))
@settings(max_examples=15, deadline=None)
def test_folding_changes_nothing_that_is_loaded(saves: list[Blobs], folds: list[int]) -> None:
    """However often, and however far it has come when something else is saved or all ends."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "c.sqlite"
        store = CheckpointStore(path, fold_bytes=1)
        store._db.execute("PRAGMA synchronous=OFF")
        expected: Blobs = {}
        for number, (blobs, parts) in enumerate(zip(saves, folds, strict=False)):
            expected |= blobs
            store.save(pack_changes({Space.ENGINE: blobs}), Position(number, number))
            for _ in range(parts):
                store.fold()
        store.close()
        again = CheckpointStore(path, fold_bytes=1)
        again._db.execute("PRAGMA synchronous=OFF")
        while again.fold():
            pass
        found = again.load(Space.ENGINE)
        again.close()

    assert found == {key: blob for key, blob in expected.items() if blob is not None}


def test_folding_keeps_the_file_to_what_is_known(tmp_path: Path) -> None:
    """A key that changed a hundred times takes the room of one."""
    store = CheckpointStore(tmp_path / "c.sqlite", fold_bytes=1_000)
    store._db.execute("PRAGMA synchronous=OFF")
    sizes = []
    for number in range(60):
        blobs: Blobs = {f"key-{n}": b"%d" % number for n in range(20)}
        store.save(pack_changes({Space.ENGINE: blobs}), Position(number, number))
        while store.fold():
            pass
        sizes.append(_stored_bytes(store))

    assert max(sizes) < 3 * 1_000
    assert set(store.load(Space.ENGINE).values()) == {b"59"}


def test_merged_changes_say_what_they_said_in_turn() -> None:
    """Of two blobs of a key the later one stays, and what is gone stays gone."""
    turns: list[Pieces] = [
        {Space.ENGINE: {"a": b"1", "b": b"1"}, Space.MARKS: {"a": b"m"}},
        {Space.ENGINE: {"a": None, "c": b"2"}},
    ]
    merged = merge_changes(change for turn in turns for change in pack_changes(turn))
    found: dict[Space, Blobs] = {change.space: {} for change in merged}
    for change in merged:
        found[change.space] |= unpack(change.packed)

    assert found == {
        Space.ENGINE: {"a": None, "b": b"1", "c": b"2"},
        Space.MARKS: {"a": b"m"},
    }
    assert len({(change.space, change.part) for change in merged}) == len(merged)


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


def test_keeper_collects_when_many_readings_were_seen(store: CheckpointStore) -> None:
    """A record may hold hundreds of them, and encoding what they changed must not take long at once."""
    state, seen, asked = _State(), [0], [0]

    def take() -> Pieces:
        asked[0] += 1
        return state.take()

    keeper = CheckpointKeeper(
        store, take, every_s=1e9, every_records=10**9, readings=lambda: seen[0]
    )
    keeper.step(0.0, Position(0, 0))
    counts = []
    for offset, readings in ((1, 3_999), (2, 4_000), (3, 4_001), (4, 8_000), (2_004, 8_001)):
        seen[0] = readings
        keeper.step(0.0, Position(offset, offset))
        counts.append(asked[0])

    assert counts == [0, 1, 1, 2, 3]


def test_what_cannot_be_saved_does_not_outgrow_the_state(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk takes nothing, of many changes of a key only the last one is kept."""
    monkeypatch.setattr("gateway.checkpoint_keeper._MOST_BYTES", 50_000)
    state = _State()
    keeper = CheckpointKeeper(store, state.take, every_s=1.0, every_records=10**9)
    store._db.execute("PRAGMA query_only=1")
    kept = []
    with capture_logs():
        for second in range(60):
            state.dirty = {Space.ENGINE: {f"key-{n}": bytes(1_000) for n in range(10)}}
            keeper.step(float(second), Position(second, second))
            kept.append(keeper._collected_bytes)
    store._db.execute("PRAGMA query_only=0")
    keeper.step(60.0, Position(60, 60))

    assert max(kept) < 3 * 50_000
    assert len(store.load(Space.ENGINE)) == 10


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
