"""The API with a city's years in it: rebuild, list, filter, map and scorecard over very many cases.

``main`` prints, and with ``--json`` its last line is one JSON object. A tenth of ``--cases`` have full logs (an event,
eight entries of the case's log each); the others are projected cases made from those by the database, each with an
id of its own. 49 of 50 are closed, over twelve months and eight districts.
"""

import json
import os
import sqlite3
import tempfile
import time
from pathlib import Path

import click
import msgspec
from sqlalchemy import insert

from benchmarks._api_server import ApiServer, api_server, prepared
from benchmarks._posting import make_event, percentiles_ms
from cloud_api.bootstrap import open_database
from cloud_api.case_record import (
    Acknowledged,
    Detail,
    EventLink,
    Moved,
    Opened,
    Record,
    case_id_of,
    encode_record,
)
from cloud_api.config import ApiConfig
from cloud_api.database import Lane, Store
from cloud_api.flow import State
from cloud_api.flow_choice import Flows, load_flows
from cloud_api.instants import from_us, to_us
from cloud_api.projector import PROJECTED
from cloud_api.rebuild import rebuild
from cloud_api.schema import case_log, cases, intake, positions
from contracts.codec import encode
from contracts.envelope import Place
from contracts.event import Event, EventPhase
from contracts.levels import Level
from tests.contract.cloud_api.events import START

__all__ = ["main"]

CASES = 100_000
ENTRIES = 8
ASKED = 60
DISTRICTS = tuple(f"d{number}" for number in range(8))
LEVELS = (Level.BLUE, Level.BLUE, Level.BLUE, Level.YELLOW, Level.YELLOW, Level.RED)
DEPARTMENTS = ("water", "sanitation", "urban-management", "traffic-police")
_WAY = (State.FILED, State.DISPATCHED, State.HANDLING, State.FED_BACK, State.VERIFIED, State.CLOSED)
_CHUNK = 2_000
_MONTH_US = 30 * 86_400_000_000

QUERIES = {
    "list": "/v1/cases?limit=50",
    "open": "/v1/cases?open=true&limit=50",
    "filter": "/v1/cases?open=true&level=red&district=d3&limit=50",
    "department": "/v1/cases?state=handling&department=water&limit=50",
    "type": "/v1/cases?type=no.such&limit=50",
    "changed": "/v1/cases?since=2026-06-01T00:00:00Z&limit=100",
    "map": "/v1/map/cells?west=113.9&south=22.4&east=114.3&north=22.8",
    "situation": "/v1/situation",
    "queue": "/v1/worklist?limit=50",
    "queue_level": "/v1/worklist?level=red&department=water&limit=50",
    "workload": "/v1/workload",
    "kpi": "/v1/evaluation?period=2026-03",
}


def _records(number: int, event: Event, begun_us: int) -> list[Record]:
    """Return a case's life: 49 of 50 are closed, the others stand somewhere on the way."""
    case_id = case_id_of(event.event_id)
    ends = len(_WAY) if _is_over(number) else number // 50 % len(_WAY)
    department = DEPARTMENTS[number % len(DEPARTMENTS)]
    opened = Opened(
        number=f"{event.district}-{number:08d}",
        day=from_us(begun_us).strftime("%Y%m%d"),
        day_number=number,
        district=event.district,
        event_type=event.event_type,
        dedupe=None,
        title=event.title,
        subject=None,
        place=event.place,
        discovery=event.discovery,
        preplan=None,
        flow="general",
        state=State.COLLECTED,
        event=EventLink(event_id=event.event_id, rev=0, level=event.level, phase=event.phase),
        class_code="2-04-06",
    )
    details: list[Detail] = [opened]
    stands = State.COLLECTED
    for to in _WAY[:ends]:
        given = department if to is State.DISPATCHED else None
        details.append(Moved(from_state=stands, to_state=to, department=given))
        stands = to
    details.insert(2, Acknowledged())
    return [
        Record(
            case_id=case_id,
            version=version,
            at_us=begun_us + version * 3_600_000_000,
            actor="bench",
            reason="as it goes",
            detail=detail,
        )
        for version, detail in enumerate(details, 1)
    ]


def _fill(store: Store, flows: Flows, count: int) -> int:
    """Write the logs of as many cases, and their projections by a rebuild; return how many rows the logs have."""
    first_us, seq, rows = to_us(START) - 12 * _MONTH_US, 0, 0
    for start in range(0, count, _CHUNK):
        posted, logged = [], []
        for number in range(start, min(start + _CHUNK, count)):
            begun_us = first_us + 12 * _MONTH_US * number // count
            event = _placed(number, begun_us)
            posted.append(
                {
                    "seq": number + 1,
                    "event_id": event.event_id,
                    "rev": 0,
                    "received_at_us": begun_us,
                    "body": encode(event),
                }
            )
            for record in _records(number, event, begun_us):
                seq += 1
                logged.append(
                    {
                        "seq": seq,
                        "case_id": record.case_id,
                        "version": record.version,
                        "at_us": record.at_us,
                        "body": encode_record(record),
                    }
                )
        with store.write(Lane.CASES) as connection:
            connection.execute(insert(intake), posted)
            connection.execute(insert(case_log), logged)
        rows += len(posted) + len(logged)
    with store.write(Lane.CASES) as connection:
        connection.execute(insert(positions).values(name=PROJECTED, seq=count))
    rebuild(store, flows)
    return rows


def _is_over(number: int) -> bool:
    """Return whether a case is closed, and its event has ended: 49 of 50 are."""
    return number % 50 != 0


def _placed(number: int, begun_us: int) -> Event:
    """Return an event at one of very many places of eight districts."""
    at = from_us(begun_us)
    place = Place(lon=113.9 + number * 7919 % 4000 / 1e4, lat=22.4 + number * 104_729 % 4000 / 1e4)
    return msgspec.structs.replace(
        make_event(),
        district=DISTRICTS[number % len(DISTRICTS)],
        level=LEVELS[number % len(LEVELS)],
        place=place,
        phase=EventPhase.END if _is_over(number) else EventPhase.OPEN,
        at=at,
        onset_at=at,
        ended_at=at if _is_over(number) else None,
    )


_COPY = """
INSERT INTO cases ({columns})
SELECT {chosen} FROM cases WHERE opened_seq <= :logged
"""
_MADE = {
    # the database writes the copies: ids and numbers of their own, everything else as it is
    "case_id": "case_id || '-' || :copy",
    "number": "number || '-' || :copy",
    "opened_seq": "opened_seq + :copy * :step",
    "day_number": "day_number + :copy * :step",
    "attach_key": "NULL",
    "document": "CAST(replace(CAST(document AS TEXT), case_id, case_id || '-' || :copy) AS BLOB)",
}


def _multiply(path: Path, copies: int, step: int) -> None:
    """Add ``copies`` projected cases for each that has a log.

    As one loads very much at once: nobody else is there, the disk is waited for at the end, and indexes are made
    after the rows, sorted, rather than kept in order meanwhile.
    """
    names = [column.name for column in cases.columns]
    statement = _COPY.format(
        columns=", ".join(names), chosen=", ".join(_MADE.get(name, name) for name in names)
    )
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-524288", "temp_store=FILE"):
        connection.execute(f"PRAGMA {pragma}")
    query = "SELECT name, sql FROM sqlite_master WHERE type='index' AND tbl_name=? AND sql NOTNULL"
    indexes = connection.execute(query, (cases.name,)).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    for copy in range(1, copies + 1):
        connection.execute(statement, {"copy": copy, "step": step, "logged": step})
    for _, made in indexes:
        connection.execute(made)
    connection.execute("ANALYZE")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    os.sync()


def _ask(server: ApiServer) -> dict[str, float]:
    """Return the 95th percentile of each question in milliseconds; the first answer is not counted."""
    found: dict[str, float] = {}
    with server.client() as client:
        for name, path in QUERIES.items():
            client.get(path).raise_for_status()
            took_s = []
            for _ in range(ASKED):
                began = time.perf_counter()
                client.get(path).raise_for_status()
                took_s.append(time.perf_counter() - began)
            found[f"{name}_ms_p95"] = percentiles_ms(took_s)["p95"]
    return found


def measure(folder: Path, count: int) -> dict[str, float]:
    """Return how fast a rebuild is, and how long questions take with ``count`` cases."""
    database = f"sqlite:///{folder}/scale.sqlite"
    token, config = prepared(database), ApiConfig(database_url=database)
    store, flows = open_database(config), load_flows(config.flow, config.flow_choices)
    logged = max(1, count // 10)
    begun, size = time.perf_counter(), folder / "scale.sqlite"

    def told(what: str) -> None:
        passed_s = time.perf_counter() - begun
        click.echo(f"{passed_s:7.0f} s  {size.stat().st_size / 1e9:6.2f} GB  {what}", err=True)

    told("writing the logs")
    rows = _fill(store, flows, logged)
    told("rebuilding")
    began, worked_s = time.perf_counter(), time.process_time()
    report = rebuild(store, flows)
    took_s, worked_s = time.perf_counter() - began, time.process_time() - worked_s
    if report.digest_before != report.digest_after:
        raise click.ClickException("the rebuild made other rows than the projector")
    store.dispose()
    told("adding projected cases")
    _multiply(folder / "scale.sqlite", count // logged - 1, logged * (ENTRIES + 2))
    told("asking")
    with api_server(folder, database, token, name="scale") as server:
        asked = _ask(server)
    return {
        "cases": count,
        "cases_with_logs": logged,
        "log_rows": rows,
        "rebuild_rows_per_s": round(rows / took_s),
        "rebuild_rows_per_cpu_s": round(rows / worked_s),
        "query_all_ms_p95": max(asked.values()),
        **asked,
    }


def main(*, as_json: bool, cases: int = CASES) -> None:
    """Measure rebuild and questions."""
    with tempfile.TemporaryDirectory(prefix="cityloop-bench-") as name:
        figures = {"cores": len(os.sched_getaffinity(0)), **measure(Path(name), cases)}
    click.echo(json.dumps(figures) if as_json else json.dumps(figures, indent=2))
