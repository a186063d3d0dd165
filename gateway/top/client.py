"""The pages of a running gateway."""

import time

import httpx
import msgspec

from gateway.clock_watch import BoxLine
from gateway.errors import GatewaySilentError
from gateway.top.exposition import Figures, parse_exposition
from gateway.top.snapshot import Snapshot, make_snapshot

__all__ = ["GatewayPages"]

_TIMEOUT_S = 10.0
_SHORTEST_S = 1e-3


class GatewayPages:
    """A gateway's metrics port; remembers the last scrape, for rates.

    Args:
        url: base address.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.Client(timeout=_TIMEOUT_S)
        self._before: tuple[float, Figures] | None = None

    def look(self) -> Snapshot:
        """Return a snapshot; its rates are over the time since the last one, at first 0.

        Raises:
            GatewaySilentError: the gateway does not answer.
        """
        try:
            page = self._client.get(f"{self._url}/metrics").raise_for_status().text
            health = self._client.get(f"{self._url}/healthz")
            boxes = self._client.get(f"{self._url}/devices").raise_for_status()
            told = msgspec.json.decode(health.content, type=dict[str, object])
            lines = msgspec.json.decode(boxes.content, type=list[BoxLine])
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise GatewaySilentError(
                f"{self._url}: {type(error).__name__}: {error}; is the gateway running with this "
                "configuration?"
            ) from error
        now_s, figures = time.monotonic(), parse_exposition(page)
        then_s, before = self._before or (now_s, figures)
        self._before = now_s, figures
        return make_snapshot(before, figures, max(_SHORTEST_S, now_s - then_s), told, lines)

    def close(self) -> None:
        """Give up the connection."""
        self._client.close()
