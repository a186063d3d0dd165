"""Planted faults: an audit that cannot see these proves nothing by its zeros."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cityloop.errors import StackError
from cityloop.stack.api_client import ApiClient, all_revisions
from contracts.event import Event

__all__ = ["plant_double", "plant_drop"]


def plant_drop(outbox: Path) -> str:
    """Take the youngest stored message out of a stopped box's outbox; return which it was.

    Raises:
        StackError: nothing waits in it.
    """
    with closing(sqlite3.connect(outbox, timeout=5.0)) as file, file:
        found = file.execute(
            "SELECT lane, seq, boot_id, channel FROM letter JOIN lane USING (lane)"
            " WHERE channel = 'readings' ORDER BY lane DESC, seq DESC LIMIT 1"
        ).fetchone()
        if found is None:
            raise StackError(f"outbox {outbox}: nothing waits in it, so nothing can be dropped")
        lane, seq, boot_id, channel = found
        file.execute("DELETE FROM letter WHERE lane = ? AND seq = ?", (lane, seq))
    return f"{boot_id}/{channel}/{seq}"


def plant_double(reader: ApiClient, poster: ApiClient) -> str:
    """Post the first revision of one event again under another id; return that id.

    Raises:
        StackError: the API holds no event yet.
    """
    opened = [body for body in all_revisions(reader) if body["rev"] == 0]
    if not opened:
        raise StackError("the API holds no event yet, so none can be told twice")
    event = msgspec.convert(opened[0], Event)
    twin = event.event_id[:-12] + datetime.now(UTC).strftime("%d%H%M%S%f")[:12]
    poster.post("/v1/events", msgspec.to_builtins(msgspec.structs.replace(event, event_id=twin)))
    return twin
