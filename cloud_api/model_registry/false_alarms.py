"""False alarms 误报: what people say was nothing goes to those who teach the detector, by itself."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
import structlog
from sqlalchemy import Connection, func, insert, select, update

from cloud_api.case_opening import find_case
from cloud_api.case_record import Moved, decode_record
from cloud_api.database import Lane, Store
from cloud_api.errors import NotFound
from cloud_api.event_projection import decode_event, load_events
from cloud_api.evidence.dimensions import HEAD_ENOUGH_BYTES, picture_size
from cloud_api.evidence_store import EvidenceStore
from cloud_api.model_registry.review_queue import ReviewQueue
from cloud_api.schema import case_log, positions
from contracts.event import Event
from contracts.review import ReviewItem, ReviewReason

__all__ = ["READ_THROUGH", "FalseAlarmReader"]

READ_THROUGH = "false_alarms"
"""Name of the row of ``positions`` that says how far the log of cases has been read."""

_BATCH = 500
_MODEL_MOST = 200
"""Characters of a model that a review may name."""
_MARK = b'"false_alarm":true'
"""How such a record is written; what holds it is decoded and looked at."""

_log = structlog.get_logger(__name__)


class FalseAlarmReader:
    """Reads the log of cases; pictures of those that were false alarms go into the review queue.

    Where nothing was ever read it begins at the log's end, as that is when it is asked to begin. A picture that its box has not sent yet, or that says
    neither its camera nor its size, is left out and told in the log.

    Args:
        store: the database.
        evidence: where the pictures are.
        queue: where they go.
    """

    def __init__(self, store: Store, evidence: EvidenceStore, queue: ReviewQueue) -> None:
        self._store = store
        self._evidence = evidence
        self._queue = queue

    def begin(self) -> None:
        """Note from where on the log is to be read, unless that is known; to be called before anybody is served.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with self._store.write(Lane.MODELS) as connection:
            if _position(connection) is None:
                last: int = connection.scalar(select(func.max(case_log.c.seq))) or 0
                connection.execute(insert(positions).values(name=READ_THROUGH, seq=last))

    def step(self, _now: datetime) -> int:
        """Read up to one batch of the log; return how many records it was.

        Raises:
            StoreUnavailable: the database does not answer; the batch is read again.
        """
        with self._store.read() as connection:
            position = _position(connection)
            last: int = connection.scalar(select(func.max(case_log.c.seq))) or 0
            if position is not None and last <= position:
                return 0
            rows = {} if position is None else _records(connection, position)
            events = [event for body in rows.values() for event in _events(connection, body)]
        found = [item for event in events for item in self._items(event)]
        if found:
            # the same again is fine: a crash before the position is noted doubles nothing
            self._queue.put(found)
        with self._store.write(Lane.MODELS) as connection:
            noted = _position(connection)  # another process may have read meanwhile
            if noted is None:
                connection.execute(insert(positions).values(name=READ_THROUGH, seq=last))
            elif noted == position:
                connection.execute(
                    update(positions)
                    .where(positions.c.name == READ_THROUGH)
                    .values(seq=max(rows, default=last))
                )
        return len(rows)

    def _items(self, event: Event) -> Iterator[ReviewItem]:
        for one in event.evidence:
            if not one.media_type.startswith("image/"):
                continue
            camera = one.camera or event.subject
            size = self._size(one.sha256) or (0, 0)
            # a message is named box/boot/channel/seq
            box = (event.cause.message or "").partition("/")[0] or camera
            told = {
                "id": f"false-alarm-{one.sha256}",
                "box": box,
                "camera": camera,
                "model": (one.model or "")[:_MODEL_MOST],
                "reason": ReviewReason.FALSE_ALARM,
                "taken_at": one.captured_at,
                "evidence": one.sha256,
                "width": size[0],
                "height": size[1],
            }
            try:
                yield msgspec.convert(told, ReviewItem)
            except msgspec.ValidationError as error:
                _log.warning(
                    "false_alarm_left_out",
                    event_id=event.event_id,
                    evidence=one.sha256,
                    reason=str(error),
                )

    def _size(self, sha256: str) -> tuple[int, int] | None:
        try:
            _, sealed = self._evidence.get(sha256)
        except NotFound:
            return None
        return picture_size(b"".join(sealed.part(0, min(sealed.size_bytes, HEAD_ENOUGH_BYTES))))


def _position(connection: Connection) -> int | None:
    return connection.scalar(select(positions.c.seq).where(positions.c.name == READ_THROUGH))


def _events(connection: Connection, body: bytes) -> list[Event]:
    """Return the events of a case that a record calls a false alarm; none for other records."""
    if _MARK not in body:
        return []
    record = decode_record(body)
    if not (isinstance(record.detail, Moved) and record.detail.false_alarm):
        return []
    case = find_case(connection, record.case_id)
    if case is None:
        return []
    known = load_events(connection, (link.event_id for link in case.events))
    return [decode_event(state.body) for state in known.values()]


def _records(connection: Connection, after: int) -> dict[int, bytes]:
    query = (
        select(case_log.c.seq, case_log.c.body)
        .where(case_log.c.seq > after)
        .order_by(case_log.c.seq)
        .limit(_BATCH)
    )
    return {seq: bytes(body) for seq, body in connection.execute(query)}
