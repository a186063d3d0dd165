"""A day's events in minutes: from a box through hub, gateway and event outbox to the API's log.

Counted in the API's own database and in the journal, row by row: there are too many to be listed.
"""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from cityloop.audit.collection import read_ledger
from cityloop.chaos.ringing import BELL_BOX, ring
from cityloop.chaos.stage import ChaosResult, Stage
from cityloop.errors import NotReady
from cityloop.stack.documents import Document, gateway_document
from cityloop.stack.loopback import wait_until
from cityloop.stack.plan import StackPlan
from contracts.codec import decode_message
from contracts.readings import Readings
from runtime.journal import JournalKind, read_journal

__all__ = ["compress_day"]

_SETTLE_S = 1_800.0
_POST_EVENTS = 500
_STATEMENTS = 2
"""One that opens an event and one that ends it."""


def _gateway(plan: StackPlan) -> Document:
    """Return the sections of the gateway's configuration that a day's flood needs otherwise."""
    usual: Document = gateway_document(plan, ())["api"]
    return {
        # everything must still be there to be counted
        "journal": {"budget_bytes": 64 * 1024**3},
        # a machine that does the work of four has no 10 s for everything
        "api": usual | {"batch": _POST_EVENTS, "timeout_s": 60.0},
    }


def _journalled(folder: Path) -> tuple[int, int]:
    """Return how many of the box's messages the journal holds, and how many of them again."""
    seen: set[int] = set()
    again = 0
    for record in read_journal(folder):
        if record.kind is JournalKind.MESSAGE:
            message = decode_message(record.payload)
            if isinstance(message, Readings) and message.box == BELL_BOX:
                again += message.seq in seen
                seen.add(message.seq)
    return len(seen), again


def _told(database: Path) -> tuple[int, int, int]:
    """Return statements at the API, different ones among them, and different episodes."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30.0)) as file:
        row = file.execute(
            "SELECT COUNT(*), COUNT(DISTINCT event_id || ':' || rev), COUNT(DISTINCT event_id)"
            " FROM intake"
        ).fetchone()
    return int(row[0]), int(row[1]), int(row[2])


def _not_projected(database: Path) -> int:
    """Return how many statements the API holds that are no part of an event or a case yet."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30.0)) as file:
        (count,) = file.execute(
            "SELECT COUNT(*) FROM intake WHERE seq > "
            "COALESCE((SELECT seq FROM positions WHERE name = 'projected'), 0)"
        ).fetchone()
    return int(count)


def compress_day(stage: Stage, begun: float) -> ChaosResult:
    """Run the day and count.

    Args:
        stage: prepared, not started.
        begun: monotonic second at which the run began.

    Raises:
        StackError: a part ended, or not all came to rest.
    """
    settings, plan = stage.settings, stage.plan
    stage.say(
        f"{settings.events:,} events of a day in {settings.hold_s:.0f} s, the middle third "
        f"{settings.surge:g} times as fast"
    )
    stage.stack.prepare(gateway=_gateway(plan))
    stage.stack.start()
    took_s = ring(stage, seconds=settings.hold_s)
    stage.say(f"the gateway has them all after {took_s:.0f} s")
    since = time.monotonic()
    if not wait_until(lambda: stage.gauge("events_pending") == 0, _SETTLE_S, every_s=0.5):
        raise NotReady(f"events still wait for the API after {_SETTLE_S:.0f} s")
    stage.recovered("day", since)
    database = plan.folder / "api" / "cloud_api.sqlite"
    stage.figures["not_yet_in_cases"] = _not_projected(database)
    expected = settings.events * _STATEMENTS
    enqueued = sum(read_ledger(plan.outbox(BELL_BOX)).values())
    dead = stage.gauge("events_dead_total")
    # the journal's writer must be gone before it is counted
    stage.stack.processes["gateway"].stop()
    journalled, again = _journalled(plan.journal)
    statements, different, episodes = _told(database)
    stage.figures |= {
        "episodes": episodes,
        "events_refused": dead,
        "events_per_s": round(settings.events / took_s, 1),
    }
    return stage.result(
        lost=enqueued - journalled + max(0, expected - different),
        duplicates=again + statements - different + max(0, episodes - settings.events),
        messages=enqueued,
        journalled=journalled,
        events=episodes,
        statements=different,
        seconds=time.monotonic() - begun,
        rate=enqueued / took_s,
    )
