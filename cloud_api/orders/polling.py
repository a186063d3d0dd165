"""Sources that are asked: one question now and then, and only new answers are read."""

import os
from datetime import datetime

import httpx
import structlog

from cloud_api.orders.errors import OrderUnread, SourceSilent
from cloud_api.orders.reception import Reception
from cloud_api.orders.sources import JoinedSource

__all__ = ["Poller"]

_log = structlog.get_logger()
_MOST_BYTES = 32_000_000


class Poller:
    """Asks one source for its orders.

    Args:
        source: the source; it has an address.
        reception: where its documents go.
        transport: httpx transport; None uses the network.
    """

    def __init__(
        self,
        source: JoinedSource,
        reception: Reception,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = source.mapping.mapping
        self.every_s = source.source.every_s
        self._source = source
        self._reception = reception
        self._etag = ""
        self._client = httpx.Client(timeout=source.source.timeout_s, transport=transport)

    def step(self, now: datetime) -> int:
        """Ask once; return 0, because there is nothing more to ask at once.

        Raises:
            SourceSilent: the source does not answer, or not with a document.
            StoreUnavailable: the database does not answer; the same is asked for again.
        """
        headers = {"User-Agent": "cityloop-api"}
        token_env = self._source.source.token_env
        if token_env is not None:
            headers["Authorization"] = f"Bearer {os.environ.get(token_env, '')}"
        if self._etag:
            headers["If-None-Match"] = self._etag
        url = self._source.source.url or ""
        try:
            with self._client.stream("GET", url, headers=headers) as answer:
                if answer.status_code == httpx.codes.NOT_MODIFIED:
                    return 0
                if not answer.is_success:
                    raise SourceSilent(f"source {self.name}: {url} answered {answer.status_code}")
                document = _bounded(answer, self.name)
        except httpx.HTTPError as error:
            raise SourceSilent(f"source {self.name}: {url}: {type(error).__name__}") from error
        try:
            received = self._reception.receive(self._source.mapping, document, now)
        except OrderUnread as error:
            raise SourceSilent(f"source {self.name}: {url}: {error}") from error
        for each in received.unread:
            _log.warning(
                "order_unread", source=self.name, position=each.position, cause=each.why[:200]
            )
        self._etag = answer.headers.get("etag", "")
        return 0

    def close(self) -> None:
        """Give up the connections."""
        self._client.close()


def _bounded(answer: httpx.Response, name: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > _MOST_BYTES:
            raise SourceSilent(f"source {name}: more than {_MOST_BYTES} bytes; ask for less")
        parts.append(part)
    return b"".join(parts)
