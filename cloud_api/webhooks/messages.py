"""Messages of the webhooks: CloudEvents 1.0 in structured mode.

Source: CloudEvents 1.0.2, "Required Attributes" and "HTTP Protocol Binding".
"""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec
from msgspec import Struct

from cloud_api.event_projection import decode_event
from cloud_api.feed import Change
from cloud_api.webhooks.endpoints import Endpoint, Topic

__all__ = ["CloudEvent", "Outgoing", "messages_of"]


class CloudEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A change in the CloudEvents envelope; ``id`` is the same in every attempt."""

    specversion: str
    id: str
    source: str
    type: str
    time: str
    datacontenttype: str
    data: msgspec.Raw
    subject: str | None = None


class Outgoing(NamedTuple):
    """One message to one endpoint."""

    message_id: str
    body: bytes


_CASE = msgspec.json.Decoder(dict[str, object])


def messages_of(
    endpoint: Endpoint,
    change: Change,
    reports: Callable[[str], Iterator[Mapping[str, object]]],
) -> Iterator[Outgoing]:
    """Yield what an endpoint is sent of a change.

    Args:
        endpoint: the subscriber.
        change: one entry of the two logs.
        reports: returns the GeoReport requests of a case, by its id.
    """
    if endpoint.districts and change.district not in endpoint.districts:
        return
    if change.topic == "event":
        if Topic.EVENT in endpoint.topics:
            yield from _event(endpoint, change)
        return
    case = _CASE.decode(change.data)
    version, at = case["version"], str(case["at"])
    if Topic.CASE in endpoint.topics:
        yield _message(
            f"{change.about}.{version}",
            change.district,
            f"cityloop.case.{case['kind']}",
            at,
            change.data.encode(),
            str(case["number"]),
        )
    if Topic.REPORT in endpoint.topics:
        for report in reports(change.about):
            name = str(report["service_request_id"])
            yield _message(
                f"{name}.{version}",
                change.district,
                "cityloop.report.updated",
                at,
                msgspec.json.encode(report),
                name,
            )


def _event(endpoint: Endpoint, change: Change) -> Iterator[Outgoing]:
    event = decode_event(change.data.encode())
    if event.level not in endpoint.levels:
        return
    patterns = endpoint.event_types
    if patterns and not any(fnmatchcase(event.event_type, pattern) for pattern in patterns):
        return
    yield _message(
        f"{event.event_id}.{event.rev}",
        event.district,
        f"cityloop.{event.event_type}",
        event.at.isoformat(),
        change.data.encode(),
        event.subject,
    )


def _message(
    name: str, district: str, kind: str, time: str, data: bytes, subject: str | None
) -> Outgoing:
    envelope = CloudEvent(
        specversion="1.0",
        id=name,
        source=f"/cityloop/api/{district}",
        type=kind,
        time=time,
        datacontenttype="application/json",
        data=msgspec.Raw(data),
        subject=subject,
    )
    return Outgoing(name, msgspec.json.encode(envelope))
