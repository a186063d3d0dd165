"""The whole loop in one process is a function of its input."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import yaml

from cityloop.audit.collection import JournalBook, audit_run, read_journal_book
from cityloop.single_process import SingleProcess
from cityloop.stack.documents import rule_packs, street_camera
from cloud_api.queries import revisions_of
from contracts.event import Event, EventPhase
from edge.config import EdgeConfig, check_edge_config
from runtime.yaml_document import parse_document
from simulators.clip import write_clip
from simulators.street_scene import StreetScene

START = datetime(2026, 7, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a minute of the drawn street, in which a vehicle stands on the fire lane for 25 s."""
    path = tmp_path_factory.mktemp("street") / "street.mp4"
    write_clip(StreetScene(3, 60.0, stop_at_s=5.0, stop_s=25.0), path, fps=5)
    return path


def _edge(clip: Path) -> EdgeConfig:
    document = {
        "box": {"district": "riverside", "site": "old-town", "box": "edge-1"},
        "api": {"url": "http://unused.invalid"},
        "outbox": {"path": "boxes/edge-1.db"},
        "evidence": {"path": "boxes/evidence"},
        "cameras": [street_camera(clip)],
    }
    return check_edge_config(parse_document(yaml.safe_dump(document), "edge.yaml"))


def _run(folder: Path, clip: Path) -> SingleProcess:
    folder.mkdir()
    city = SingleProcess(
        folder,
        start=START,
        district="riverside",
        packs=rule_packs(),
        edge=_edge(clip),
        edge_folder=folder,
        storm_boxes=("storm-1", "storm-2"),
        seed=7,
    )
    city.start()
    city.run(720.0, step_s=0.5)
    return city


class Ran(NamedTuple):
    """A city after its storm."""

    folder: Path
    digest: str
    book: JournalBook
    revisions: list[dict[str, Any]]


def _ended(folder: Path, clip: Path) -> Ran:
    """Run a city, read what it left behind, and close it."""
    city = _run(folder, clip)
    book = read_journal_book(folder / "gateway" / "journal", default_district="riverside")
    with city.api.services.store.read() as connection:
        revisions = [
            msgspec.json.decode(row.body)
            for event_id in {event.event_id for event in book.events}
            for row in revisions_of(connection, event_id)
        ]
    ran = Ran(folder, city.digest(), book, revisions)
    city.close()
    return ran


@pytest.fixture(scope="module")
def ran(street: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One city, run once for both tests."""
    return _ended(tmp_path_factory.mktemp("ran") / "city", street)


@pytest.mark.slow
def test_two_runs_of_one_city_have_one_digest(ran: Ran, tmp_path: Path, street: Path) -> None:
    """Storm, camera, gateway and API give the same journal and the same cases twice, bit for bit."""
    again = _ended(tmp_path / "again", street)

    assert again.digest == ran.digest
    assert {event.event_type for event in ran.book.events} >= {"water.ponding", "fire.lane_blocked"}
    assert ran.book.observations > 0


@pytest.mark.slow
def test_one_city_loses_nothing_and_does_nothing_twice(ran: Ran) -> None:
    """Ledgers, journal and API agree, and the fire lane's case carries its picture."""
    blocked = [event for event in ran.book.events if event.event_type == "fire.lane_blocked"]
    report = audit_run(
        ledgers=[ran.folder / "boxes" / f"{box}.db" for box in ("edge-1", "storm-1", "storm-2")],
        book=ran.book,
        revisions=ran.revisions,
    )

    assert (report.lost, report.duplicates) == (0, 0)
    assert report.enqueued == report.journalled
    assert _phases(blocked)[0] is EventPhase.OPEN
    assert any(event.evidence for event in blocked)


def _phases(events: list[Event]) -> list[EventPhase]:
    return [event.phase for event in events]
