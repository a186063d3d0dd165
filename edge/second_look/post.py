"""Carries descriptions of hard pictures to the review queue; what waits is on disk."""

from collections.abc import Sequence
from pathlib import Path

import httpx
import msgspec
import structlog

from contracts.review import ReviewItem

__all__ = ["ReviewPost"]

_LOG = structlog.get_logger("edge.second_look")
_MOST_WAITING = 500
_AT_ONCE = 50


class ReviewPost:
    """A folder of descriptions, one file each, and the way to the API; for one thread at a time.

    Args:
        folder: made when something is first put there.
        url: base address of the API, without ``/v1``.
        key: API key; None sends none.
        timeout_s: seconds for connecting, and for each read.

    Attributes:
        counters: ``hard_sent``, ``hard_dropped`` (too many waited, or the API refused them).
    """

    def __init__(self, folder: Path, url: str, key: str | None, *, timeout_s: float) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._folder = folder
        self._url = f"{url.rstrip('/')}/v1/reviews"
        self._client = httpx.Client(headers=headers, timeout=timeout_s)
        self.counters = {"hard_sent": 0, "hard_dropped": 0}

    def put(self, item: ReviewItem) -> None:
        """Keep a description until it is sent.

        Raises:
            OSError: it cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f".{item.id}"
        draft.write_bytes(msgspec.json.encode(item))
        draft.replace(self._folder / f"{item.id}.json")
        for path in self._waiting()[:-_MOST_WAITING]:
            path.unlink(missing_ok=True)
            self.counters["hard_dropped"] += 1

    def send(self) -> bool:
        """Send what waits; return False where the API did not take it now."""
        while paths := self._waiting()[:_AT_ONCE]:
            items = [msgspec.Raw(path.read_bytes()) for path in paths]
            try:
                answer = self._client.post(
                    self._url,
                    content=msgspec.json.encode({"items": items}),
                    headers={"Content-Type": "application/json"},
                )
            except (httpx.TransportError, httpx.InvalidURL) as error:
                _LOG.warning("reviews_waiting", reason=str(error))
                return False
            if answer.status_code == 422:
                # it would be refused for ever
                _LOG.error("reviews_refused", reason=answer.text[:300])
                self.counters["hard_dropped"] += len(paths)
            elif answer.is_success:
                self.counters["hard_sent"] += len(paths)
            else:
                _LOG.warning("reviews_waiting", reason=f"{answer.status_code} {answer.text[:200]}")
                return False
            for path in paths:
                path.unlink(missing_ok=True)
        return True

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _waiting(self) -> Sequence[Path]:
        return sorted(self._folder.glob("*.json"))
