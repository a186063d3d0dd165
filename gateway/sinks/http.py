"""Events posted to the API: ``POST /v1/events`` with a JSON array."""

from collections.abc import Sequence
from pathlib import Path

import httpx
import msgspec

from gateway.api_key import ApiKey
from gateway.errors import EventRefusedError, KeyUnreadableError, SinkUnavailableError
from gateway.sinks.retry_after import retry_after_s

__all__ = ["HttpSink"]

_EVENT_IS_WRONG = frozenset({400, 409, 413, 415, 422})
"""Answers that speak of the body. Others (401, 403, 404, 408, 429, 5xx) speak of the moment, the
key or the address: a wrong key must not turn every event of a city into a dead letter."""


class _Receipt(msgspec.Struct):
    """What the API says about a batch: some of it may have been refused."""

    rejected: list[msgspec.Raw] = []


_RECEIPT = msgspec.json.Decoder(_Receipt)


class HttpSink:
    """The alert API.

    Args:
        url: base of the API, for example ``http://127.0.0.1:8000``.
        key_file: file that holds the API key; read at the first use and again after a 401, so that
            a new key needs no restart. None sends no key.
        timeout_s: seconds after which a request counts as failed.
        transport: httpx transport; None uses the network.
    """

    def __init__(
        self,
        url: str,
        key_file: Path | None,
        *,
        timeout_s: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._key = ApiKey(key_file)
        self._client = httpx.Client(timeout=timeout_s, transport=transport)

    def deliver(self, events: Sequence[bytes]) -> None:
        """Post a batch; returning means that the API answered 2xx and refused none of it.

        Raises:
            SinkUnavailableError: no answer, an answer that may change, or no key to be read.
            EventRefusedError: the API says that the body is wrong.
        """
        address = f"{self._url}/v1/events"
        try:
            response = self._client.post(
                address, content=b"[" + b",".join(events) + b"]", headers=self._headers()
            )
        except httpx.HTTPError as error:
            raise SinkUnavailableError(
                f"{address}: {type(error).__name__}: {error}; events wait in the outbox"
            ) from error
        if response.is_success:
            self._read_receipt(address, response)
            return
        answer = f"{address} answered {response.status_code}: {response.text[:300]}"
        if response.status_code in _EVENT_IS_WRONG:
            raise EventRefusedError(answer, response.status_code)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._key.refused()
        raise SinkUnavailableError(
            f"{answer}; events wait in the outbox", retry_after_s(response.headers)
        )

    @staticmethod
    def _read_receipt(address: str, response: httpx.Response) -> None:
        """Find out events that the API did not take though it answered 2xx to their batch."""
        try:
            receipt = _RECEIPT.decode(response.content)
        except msgspec.DecodeError:
            return  # another API's answer: its status is all that it says
        if receipt.rejected:
            raise EventRefusedError(
                f"{address} answered {response.status_code} but refused "
                f"{len(receipt.rejected)} events, first: {bytes(receipt.rejected[0])[:300]!r}",
                response.status_code,
            )

    def _headers(self) -> dict[str, str]:
        try:
            return self._key.headers()
        except KeyUnreadableError as error:
            raise SinkUnavailableError(str(error)) from error

    def close(self) -> None:
        """Give up the connections."""
        self._client.close()
