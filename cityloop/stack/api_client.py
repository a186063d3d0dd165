"""What the stack asks of the API: lists, cases, health, and the stream of changes."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import httpx
import msgspec

__all__ = ["ApiClient", "Change", "StreamListener", "all_revisions"]

_PAGE = 200


class Change(NamedTuple):
    """One message of the stream: ``event`` or ``case``, its content, and when it was heard."""

    topic: str
    body: dict[str, Any]
    heard_at: datetime


class ApiClient:
    """A caller with one key.

    Args:
        url: base address, without ``/v1``.
        key: an API key.
    """

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self._headers = {"Authorization": f"Bearer {key}"}
        self._client = httpx.Client(base_url=url, headers=self._headers, timeout=10.0)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def healthy(self) -> bool:
        """Return whether the API says that it is well."""
        try:
            return self._client.get("/healthz", timeout=1.0).status_code == 200
        except httpx.HTTPError:
            return False

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield every item of a list, newest first.

        Raises:
            httpx.HTTPError: the API did not answer, or refused.
        """
        cursor: str | None = None
        while True:
            parameters = {"limit": str(_PAGE)} | ({"cursor": cursor} if cursor else {})
            answer = self._client.get(path, params=parameters)
            answer.raise_for_status()
            page = answer.json()
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def get(self, path: str) -> dict[str, Any]:
        """Return one object.

        Raises:
            httpx.HTTPError: the API did not answer, or refused.
        """
        answer = self._client.get(path)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post one object and return the answer.

        Raises:
            httpx.HTTPError: the API did not answer, or refused.
        """
        answer = self._client.post(path, json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def follow(self, after: str) -> Iterator[tuple[str, str, str]]:
        """Yield (id, topic, data) of each message of the stream after a position, for ever.

        Raises:
            httpx.HTTPError: the connection broke; go on from the last id.
        """
        headers = {"Last-Event-ID": after}
        with self._client.stream(
            "GET", "/v1/stream", headers=headers, timeout=httpx.Timeout(5.0, read=60.0)
        ) as answer:
            answer.raise_for_status()
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
                elif "data" in fields:
                    yield fields.get("id", after), fields.get("event", ""), fields["data"]
                    fields = {}


class StreamListener:
    """Hears every change in a thread of its own, from the beginning, across restarts of the API.

    Args:
        client: the caller.
        now: the clock that dates what is heard.
        heard: called with each change, in the listener's thread.
    """

    def __init__(
        self, client: ApiClient, now: Callable[[], datetime], heard: Callable[[Change], None]
    ) -> None:
        self._client = client
        self._now = now
        self._heard = heard
        self._after = "0-0"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; the thread ends with its connection."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for position, topic, data in self._client.follow(self._after):
                    if self._stop.is_set():
                        return
                    body = msgspec.json.decode(data, type=dict[str, Any])
                    self._heard(Change(topic, body, self._now()))
                    self._after = position
            except (httpx.HTTPError, httpx.StreamError):
                # the API is away, or was killed on purpose: it goes on where it was
                time.sleep(0.2)


def all_revisions(client: ApiClient) -> list[dict[str, Any]]:
    """Return every revision of every event that the API holds, as event.v1 objects.

    Raises:
        httpx.HTTPError: the API did not answer, or refused.
    """
    return [
        revision["event"]
        for event in client.pages("/v1/events")
        for revision in client.get(f"/v1/events/{event['event_id']}")["history"]
    ]
