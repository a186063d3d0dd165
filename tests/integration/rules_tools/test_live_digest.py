"""A replay of a gateway's journal is its live run, bit for bit."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from cityloop.rules_tools.commands import main
from cityloop.rules_tools.firings import statements_digest
from cityloop.single_process import SingleProcess
from cityloop.stack.documents import rule_packs
from contracts.event import Event
from gateway.event_outbox import EventOutbox
from runtime.journal import JournalKind, read_journal

START = datetime(2026, 7, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a gateway that lived through a storm and a change of its packs."""
    folder = tmp_path_factory.mktemp("city")
    packs = folder / "packs"
    packs.mkdir()
    for path in rule_packs():
        source = Path(path)
        for file in sorted(source.glob("*.yaml")) if source.is_dir() else [source]:
            shutil.copy(file, packs)
    running = SingleProcess(
        folder,
        start=START,
        district="riverside",
        packs=[str(packs)],
        storm_boxes=("storm-1", "storm-2"),
        seed=7,
    )
    running.start()
    running.run(500.0, step_s=1.0)
    flood = packs / "flood.yaml"
    flood.write_text(flood.read_text("utf-8").replace("27 cm", "26 cm"), "utf-8")
    running.run(700.0, step_s=1.0)
    running.close()
    return folder


def _live(folder: Path) -> list[Event]:
    """Return every statement that the gateway made, from its outbox."""
    outbox = EventOutbox(folder / "gateway" / "events.sqlite", read_only=True)
    try:
        rows = outbox._db.execute("SELECT body FROM events ORDER BY row").fetchall()
    finally:
        outbox.close()
    return [msgspec.json.decode(body, type=Event) for (body,) in rows]


def _replayed(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(main, ["replay", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    report: dict[str, object] = json.loads(result.stdout)
    return report


@pytest.mark.slow
def test_replaying_the_journal_is_the_live_run(city: Path) -> None:
    """Statements, causes and titles are those in the outbox, also across a reload of the packs."""
    live = _live(city)
    reloads = [
        record
        for record in read_journal(city / "gateway" / "journal")
        if record.kind is JournalKind.RULES
    ]

    report = _replayed("--from", str(city / "gateway"), "--district", "riverside")

    assert len(reloads) == 2
    assert report["statements"] == len(live) > 10
    assert report["digest"] == statements_digest(live)


@pytest.mark.slow
def test_other_packs_on_the_journal_are_another_run(city: Path) -> None:
    """Packs that are named take the place of the journalled ones, the same way each time."""
    arguments = (str(city / "packs" / "flood.yaml"), "--from", str(city / "gateway"))

    first, second = _replayed(*arguments), _replayed(*arguments)

    assert first == second
    assert set(first["by_rule"]) <= {"waterlogging", "downpour", "rainstorm"}  # type: ignore[call-overload]
    assert first["digest"] != statements_digest(_live(city))


@pytest.mark.slow
def test_a_journal_of_another_kind_of_data_draws_a_picture(city: Path, tmp_path: Path) -> None:
    """The series of one sensor of the journal can be drawn with its rule."""
    pytest.importorskip("matplotlib")
    picture = tmp_path / "ponding.svg"
    subject = next(
        event.subject for event in _live(city) if event.rule == "waterlogging" and event.subject
    )
    pack = str(city / "packs" / "flood.yaml")
    arguments = ["plot", pack, "--on", str(city / "gateway"), "--rule", "waterlogging"]

    result = CliRunner().invoke(
        main, [*arguments, "--key", f"subject={subject}", "-o", str(picture)]
    )

    assert result.exit_code == 0, result.output
    assert picture.read_text("utf-8").startswith("<?xml")
