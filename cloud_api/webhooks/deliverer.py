"""The deliverer of an endpoint: reads the two logs at its own pace and posts what is wanted.

The logs are the outbox: nothing is copied, nothing is lost while an endpoint is away, and how far one
has got is two numbers. So a dead endpoint holds up no other and costs nothing.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from random import Random

import httpx
from sqlalchemy import Connection, delete, func, insert, select, update

from cloud_api.database import Lane, Store
from cloud_api.feed import FeedReader, Position
from cloud_api.instants import to_us
from cloud_api.schema import positions
from cloud_api.webhooks.endpoints import Endpoint
from cloud_api.webhooks.messages import Outgoing, messages_of
from cloud_api.webhooks.tables import webhook_log
from runtime.backoff import Backoff
from runtime.webhook_signature import sign_webhook

__all__ = ["Deliverer"]

_MESSAGE_IS_WRONG = frozenset({400, 409, 413, 415, 422})
"""The endpoint says that this message is wrong: the next one may be right."""

_GONE = 410
"""The endpoint wants no more. Source: Standard Webhooks, "Deliverability and Reliability"."""

_LOG_ROWS = 2_000
"""Rows of trouble that are kept for each endpoint."""

_WHY = 300


class Deliverer:
    """Delivers to one endpoint.

    Args:
        endpoint: the subscriber.
        secrets: sign for it, the newest first.
        store: the database.
        reader: reads the logs.
        reports: returns the GeoReport requests of a case.
        rng: where the jitter comes from.
        settled: called with each message's outcome: sent, failed, refused, gone.
        wall_clock: seconds since 1970, for the timestamp that receivers check.
        transport: httpx transport; None uses the network.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        secrets: Sequence[bytes],
        store: Store,
        reader: FeedReader,
        *,
        reports: Callable[[str], Iterator[Mapping[str, object]]],
        rng: Random,
        settled: Callable[[str], None],
        wall_clock: Callable[[], float] = time.time,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._secrets = secrets
        self._store = store
        self._reader = reader
        self._reports = reports
        self._settled = settled
        self._wall_clock = wall_clock
        self._backoff = Backoff(
            endpoint.retry_base_s, max(endpoint.retry_base_s, endpoint.retry_cap_s), rng
        )
        self._not_before_us = 0
        self._position: Position | None = None
        self._client = httpx.Client(timeout=endpoint.timeout_s, transport=transport)
        self.gone = False

    def step(self, now: datetime) -> int:
        """Deliver a page of changes; return how many there were, 0 when there is nothing to do now.

        The first time, it begins at the logs' end.

        Raises:
            StoreUnavailable: the database does not answer; messages may be sent again.
        """
        if self.gone or to_us(now) < self._not_before_us:
            return 0
        position = self._position or self._stored()
        if position is None:
            self._keep(self._reader.head(), first=True)
            return 0
        changes = self._reader.read(position)
        done = position
        for change in changes:
            for message in messages_of(self.endpoint, change, self._reports):
                if not self._deliver(message, now):
                    if done != position:
                        self._keep(done)
                    return 0
            done = change.position
        if changes:
            self._keep(done)
        return len(changes)

    def lag(self) -> int:
        """Return how many entries of the logs are not delivered yet."""
        head = self._reader.head()
        position = self._position or self._stored() or head
        return (head.intake - position.intake) + (head.cases - position.cases)

    def _deliver(self, message: Outgoing, now: datetime) -> bool:
        """Post one message; return whether to go on with the next."""
        headers = sign_webhook(
            self._secrets, message.message_id, int(self._wall_clock()), message.body
        )
        headers["content-type"] = "application/cloudevents+json; charset=utf-8"
        headers["user-agent"] = "cityloop-api"
        status: int | None = None
        try:
            answer = self._client.post(self.endpoint.url, content=message.body, headers=headers)
            status = answer.status_code
            why = answer.text[:_WHY].replace("\x00", "")
        except httpx.HTTPError as error:
            why = f"{type(error).__name__}: {error}"[:_WHY]
        if status is not None and httpx.codes.is_success(status):
            self._backoff.reset()
            self._settled("sent")
            return True
        if status in _MESSAGE_IS_WRONG:
            self._note(message, now, "refused", status, why)
            return True
        if status == _GONE:
            self.gone = True
            self._note(message, now, "gone", status, why)
            return False
        pause_us = int(self._backoff.next_delay() * 1_000_000)
        self._not_before_us = to_us(now) + pause_us
        self._note(message, now, "failed", status, why)
        return False

    def _stored(self) -> Position | None:
        names = self._names()
        query = select(positions.c.name, positions.c.seq).where(positions.c.name.in_(names))
        with self._store.read() as connection:
            found = {row.name: row.seq for row in connection.execute(query)}
        if len(found) < len(names):
            return None
        self._position = Position(found[names[0]], found[names[1]])
        return self._position

    def _names(self) -> tuple[str, str]:
        return f"webhook:{self.endpoint.id}:intake", f"webhook:{self.endpoint.id}:cases"

    def _keep(self, position: Position, *, first: bool = False) -> None:
        with self._store.write(Lane.WEBHOOKS) as connection:
            for name, seq in zip(self._names(), position, strict=True):
                if first:
                    connection.execute(delete(positions).where(positions.c.name == name))
                    connection.execute(insert(positions).values(name=name, seq=seq))
                else:
                    connection.execute(
                        update(positions).where(positions.c.name == name).values(seq=seq)
                    )
        self._position = position

    def _note(
        self, message: Outgoing, now: datetime, outcome: str, status: int | None, why: str
    ) -> None:
        with self._store.write(Lane.WEBHOOKS) as connection:
            seq: int = connection.scalar(select(func.max(webhook_log.c.seq))) or 0
            connection.execute(
                insert(webhook_log).values(
                    seq=seq + 1,
                    endpoint=self.endpoint.id,
                    message_id=message.message_id,
                    at_us=to_us(now),
                    outcome=outcome,
                    status=status,
                    why=why,
                )
            )
            self._trim(connection)
        self._settled(outcome)

    def _trim(self, connection: Connection) -> None:
        mine = webhook_log.c.endpoint == self.endpoint.id
        oldest_kept = connection.scalar(
            select(webhook_log.c.seq)
            .where(mine)
            .order_by(webhook_log.c.seq.desc())
            .offset(_LOG_ROWS)
            .limit(1)
        )
        if oldest_kept is not None:
            connection.execute(delete(webhook_log).where(mine, webhook_log.c.seq <= oldest_kept))

    def close(self) -> None:
        """Give up the connections."""
        self._client.close()
