"""Databases that older programs made, with rows in every table: none is lost on the way to the newest schema.

``old_databases`` holds what a server of the time left behind after a day of every route, webhooks that were
refused, a failed login and reports of gateways: one JSON list a row, bytes in base64.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, create_engine, insert, select
from sqlalchemy.engine import Engine

from cloud_api.audit.examination import Flaw, examine
from cloud_api.audit.heads import HeadSigner
from cloud_api.bootstrap import Api, build, open_database
from cloud_api.config import ApiConfig, open_keybook
from cloud_api.database import Lane, Store
from cloud_api.evaluation.tally_table import tallies
from cloud_api.migrate import _config, downgrade, newest_version, schema_version, upgrade
from cloud_api.model_registry.review_queue import ReviewQueue
from cloud_api.rebuild import rebuild
from cloud_api.schema import cases, events
from contracts.review import network_name
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START

FOLDER = Path(__file__).parent / "old_databases"
VERSIONS = sorted(path.stem for path in FOLDER.glob("*.json"))
MADE_AGAIN = {cases.name, events.name, tallies.name}
"""Projections that a newer program makes again from the logs where its schema has more of them."""

Rows = dict[str, list[dict[str, Any]]]


def _stored(version: str) -> Rows:
    """Return the rows of an old database by table."""
    tables = msgspec.json.decode((FOLDER / f"{version}.json").read_bytes())
    return {
        name: [
            {
                column: base64.b64decode(value["b64"]) if isinstance(value, dict) else value
                for column, value in zip(table["columns"], row, strict=True)
            }
            for row in table["rows"]
        ]
        for name, table in tables.items()
        if name != "alembic_version"
    }


def _go(store: Store, version: str) -> None:
    with store.write(Lane.SCHEMA) as connection:
        command.upgrade(_config(connection), version)


def _lost(engine: Engine, stored: Rows) -> list[tuple[str, dict[str, Any]]]:
    """Return the rows that a database no longer has as they were, whatever it has besides."""
    known = MetaData()
    known.reflect(engine)
    lost = []
    with engine.connect() as connection:
        for name, rows in stored.items():
            if not rows:
                continue
            columns = list(rows[0])
            table = known.tables[name]
            there = {
                _key(row)
                for row in connection.execute(select(*(table.c[each] for each in columns)))
            }
            lost += [(name, row) for row in rows if _key(row.values()) not in there]
    return lost


def _key(values: Any) -> tuple[Any, ...]:
    return tuple(bytes(each) if isinstance(each, memoryview) else each for each in values)


@pytest.fixture(params=VERSIONS)
def old(
    request: pytest.FixtureRequest, empty_url: str
) -> Iterator[tuple[str, Store, Engine, Rows]]:
    """An old database, on each store: made by the scripts up to its version, filled with its rows."""
    version, stored = request.param, _stored(request.param)
    store, engine = open_database(ApiConfig(database_url=empty_url)), create_engine(empty_url)
    _go(store, version)
    with engine.begin() as connection:
        for name, rows in stored.items():
            if rows:
                connection.execute(insert(Table(name, MetaData(), autoload_with=connection)), rows)
    yield version, store, engine, stored
    store.dispose()
    engine.dispose()


@pytest.fixture
def opened(
    old: tuple[str, Store, Engine, Rows], empty_url: str, tmp_path: Path, clock: ManualClock
) -> Iterator[Api]:
    """Today's API on the old database."""
    upgrade(old[1])
    config = ApiConfig(database_url=empty_url, evidence_dir=str(tmp_path / "evidence"))
    built = build(config, clock)
    yield built
    built.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_database_has_something_in_every_table(version: str) -> None:
    """An empty table would prove nothing."""
    assert [name for name, rows in _stored(version).items() if not rows] == []


def test_every_row_survives_every_migration(old: tuple[str, Store, Engine, Rows]) -> None:
    """Looked at after each step up, after the way back down, and up again."""
    version, store, engine, stored = old
    script = ScriptDirectory.from_config(_config(None))
    steps = [each.revision for each in script.iterate_revisions("heads", version)][::-1]
    lost = {}
    for step in steps:
        _go(store, step)
        lost[step] = _lost(engine, stored)
    downgrade(store, version)
    lost["down"] = _lost(engine, stored)
    upgrade(store)
    lost["up"] = _lost(engine, stored)

    assert schema_version(store) == newest_version()
    assert {step: rows for step, rows in lost.items() if rows} == {}


def test_todays_program_keeps_every_row_but_what_it_makes_again(
    opened: Api, old: tuple[str, Store, Engine, Rows]
) -> None:
    """The logs, people, devices, webhooks, notices, models and packs are as they were."""
    _, _, engine, stored = old
    opened.step(START)

    kept = {name: rows for name, rows in stored.items() if name not in {*MADE_AGAIN, "positions"}}
    assert _lost(engine, kept) == []


def test_old_pictures_for_review_are_found_by_their_network(
    opened: Api, old: tuple[str, Store, Engine, Rows]
) -> None:
    """Those that waited before the queue knew networks are in it with theirs."""
    queue = ReviewQueue(opened.services.store)
    version, _, _, stored = old
    rows = stored.get("reviews", [])
    kept = {row["id"]: msgspec.json.decode(row["body"])["model"] for row in rows}
    found = {
        one.item.id
        for model in kept.values()
        for one in queue.list(
            state=None, camera=None, reason=None, model=network_name(model), after="", limit=200
        )
    }

    assert set(kept) <= found
    # before v0010 there was no queue
    assert any(kept.values()) == (version >= "0010")


def test_the_projections_are_made_again_byte_for_byte(opened: Api) -> None:
    """From the old logs, however often."""
    services = opened.services
    first = rebuild(services.store, services.flows)
    second = rebuild(services.store, services.flows)

    assert (first.cases, first.events) == (7, 7)
    assert first.digest_before == first.digest_after == second.digest_after


@pytest.mark.usefixtures("opened")
def test_cases_stand_where_they_stood(old: tuple[str, Store, Engine, Rows]) -> None:
    """Number, state, level, department and person of every case."""
    _, _, engine, stored = old
    columns = ("case_id", "number", "version", "state", "level", "department", "person", "is_open")
    with engine.connect() as connection:
        found = connection.execute(select(*(cases.c[name] for name in columns)))
        now = sorted(tuple(row) for row in found)

    assert now == sorted(tuple(row[name] for name in columns) for row in stored["cases"])


def test_the_audit_chain_is_whole(opened: Api, old: tuple[str, Store, Engine, Rows]) -> None:
    """Line by line, up to the hash that it ended with; only the signed heads were not kept."""
    stored = old[3]["audit_log"]
    lines = list(opened.services.ledger.lines())
    report = examine(lines, [], HeadSigner(open_keybook(opened.services.config)).public_keys())

    assert report.lines == len(stored)
    assert [finding.flaw for finding in report.findings] == [Flaw.UNANCHORED]
    assert lines[-1].hash == max(stored, key=lambda row: int(row["seq"]))["hash"]
