"""Events posted as CloudEvents 1.0, signed as Standard Webhooks.

Source: CloudEvents 1.0.2, "HTTP Protocol Binding", structured content mode; Standard Webhooks 1.0.0,
"Webhook metadata" and "Signature scheme" (symmetric, ``v1``).
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import msgspec

from contracts.event import Event
from gateway.errors import EventRefusedError, SinkUnavailableError
from gateway.sinks.retry_after import retry_after_s
from runtime.webhook_signature import read_webhook_secrets, sign_webhook

__all__ = ["CloudEvent", "WebhookSink", "cloud_event"]

_EVENT_IS_WRONG = frozenset({400, 409, 413, 415, 422})
"""As of the API: other answers speak of the moment, the key or the address."""

_EVENT = msgspec.json.Decoder(Event)


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event in the CloudEvents envelope; ``data`` is our event.v1 as it is."""

    specversion: str
    id: str
    """``event_id.rev``: one statement, the same in every attempt."""
    source: str
    """``/cityloop/{gateway}/{district}``."""
    type: str
    """``cityloop.`` and the event type."""
    time: str
    datacontenttype: str
    data: msgspec.Raw
    subject: str | None = None
    """The sensor or camera that it is about."""


def cloud_event(body: bytes, gateway: str) -> CloudEvent:
    """Return an encoded event in its CloudEvents envelope.

    Raises:
        EventRefusedError: the body is no event.
    """
    try:
        event = _EVENT.decode(body)
    except msgspec.DecodeError as error:
        raise EventRefusedError(f"the outbox holds no event.v1: {error}", 422) from error
    return CloudEvent(
        specversion="1.0",
        id=f"{event.event_id}.{event.rev}",
        source=f"/cityloop/{gateway}/{event.district}",
        type=f"cityloop.{event.event_type}",
        time=event.at.isoformat(),
        datacontenttype="application/json",
        data=msgspec.Raw(body),
        subject=event.subject,
    )


class WebhookSink:
    """One subscriber's address.

    Args:
        url: the address.
        gateway: name of this gateway, for the source of CloudEvents.
        secret_file: file with the signing secrets, read anew for each event, so that a rotation
            needs no restart.
        timeout_s: seconds after which a request counts as failed, from its start to its end.
        wall_clock: seconds since 1970, for the timestamp that receivers check.
        transport: httpx transport; None uses the network.
    """

    def __init__(
        self,
        url: str,
        *,
        gateway: str,
        secret_file: Path,
        timeout_s: float = 10.0,
        wall_clock: Callable[[], float] = time.time,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url
        self._gateway = gateway
        self._secret_file = secret_file
        self._wall_clock = wall_clock
        self._client = httpx.Client(timeout=timeout_s, transport=transport)

    def deliver(self, events: Sequence[bytes]) -> None:
        """Post events, a request each.

        Raises:
            SinkUnavailableError: no answer, an answer that may change, or no secret to sign with.
            EventRefusedError: the receiver says that the event is wrong.
        """
        for event in events:
            self._post(event)

    def _post(self, event: bytes) -> None:
        envelope = cloud_event(event, self._gateway)
        body = msgspec.json.encode(envelope)
        try:
            keys = read_webhook_secrets(self._secret_file)
        except (OSError, ValueError) as error:
            raise SinkUnavailableError(f"webhook {self._url}: {error}") from error
        headers = sign_webhook(keys, envelope.id, int(self._wall_clock()), body)
        headers["content-type"] = "application/cloudevents+json; charset=utf-8"
        headers["user-agent"] = "cityloop-gateway"
        try:
            response = self._client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise SinkUnavailableError(
                f"webhook {self._url}: {type(error).__name__}: {error}; the event waits"
            ) from error
        if response.is_success:
            return
        answer = f"webhook {self._url} answered {response.status_code}: {response.text[:300]}"
        if response.status_code in _EVENT_IS_WRONG:
            raise EventRefusedError(answer, response.status_code)
        raise SinkUnavailableError(f"{answer}; the event waits", retry_after_s(response.headers))

    def close(self) -> None:
        """Give up the connections."""
        self._client.close()
