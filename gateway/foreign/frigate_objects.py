"""Frigate's ``frigate/events``: tracked objects, before and after, become presence in zones.

Source: docs.frigate.video, "MQTT", topic frigate/events.
"""

import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import msgspec

from contracts.envelope import Channel
from contracts.observation import Observation, ObservationKind, Phase
from contracts.readings import moment
from gateway.foreign.declaration import DeviceEntry, Episodes
from gateway.foreign.errors import ForeignReason, ForeignRejected

__all__ = ["FrigateMessage", "decode_frigate", "frigate_observations"]

_NAMESPACE = uuid.UUID("5b8c9a56-0b1e-5d9e-8b6a-2f61a4b1c3d7")
_UNFIT = re.compile(r"[^a-z0-9-]+")
_MILLISECONDS = 1000


class _Object(msgspec.Struct, frozen=True):
    """A tracked object at one moment; times are seconds since 1970."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    camera: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    frame_time: float
    start_time: float
    label: str = ""
    end_time: float | None = None
    score: float = 0.0
    top_score: float = 0.0
    false_positive: bool = False
    current_zones: list[str] = []
    entered_zones: list[str] = []


class FrigateMessage(msgspec.Struct, frozen=True):
    """One message: how an object was and how it is now."""

    type: str
    after: _Object
    before: _Object | None = None


_DECODER = msgspec.json.Decoder(FrigateMessage)


def decode_frigate(payload: bytes) -> FrigateMessage:
    """Return a decoded message.

    Raises:
        ForeignRejected: ``malformed``.
    """
    try:
        message = _DECODER.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ForeignRejected(ForeignReason.MALFORMED, f"no frigate/events: {error}") from error
    if message.type not in {"new", "update", "end"}:
        raise ForeignRejected(
            ForeignReason.MALFORMED, f"type {message.type[:20]!r}: expected new, update or end"
        )
    return message


def zone_id(name: str) -> str:
    """Return a zone's name as an id: ``Front_Yard`` is ``front-yard``."""
    return _UNFIT.sub("-", name.lower()).strip("-")[:64] or "zone"


def _zones(message: FrigateMessage, episodes: Episodes) -> Iterator[tuple[str, str, Phase]]:
    """Yield id, kind and phase of each zone that the message says something about."""
    after = message.after
    before = message.before.entered_zones if message.before is not None else []
    was_in = message.before.current_zones if message.before is not None else []
    if not after.entered_zones and episodes.whole_frame is not None:
        phase = {"new": Phase.START, "end": Phase.END}.get(message.type, Phase.UPDATE)
        yield episodes.whole_frame, "frame", phase
    for name in dict.fromkeys((*after.entered_zones, *after.current_zones)):
        inside = name in after.current_zones
        if message.type == "end":
            # told again for zones left earlier: an end may be said twice, never too seldom
            phase = Phase.END
        elif inside:
            fresh = message.type == "new" or name not in before
            phase = Phase.START if fresh else Phase.UPDATE
        elif name in was_in:
            phase = Phase.END
        else:
            continue
        yield zone_id(name), episodes.zone_kinds.get(name, "zone"), phase


def frigate_observations(
    message: FrigateMessage, device: DeviceEntry, episodes: Episodes, *, box: str, boot_id: str
) -> list[Observation]:
    """Return what a message says about presence in zones.

    The revision is the frame's time in milliseconds since the object was first seen, so that
    messages that come twice or out of order are known for what they are.
    """
    after = message.after
    if after.false_positive:
        return []
    rev = max(0, round((after.frame_time - after.start_time) * _MILLISECONDS))
    found: list[Observation] = []
    for index, (zone, kind, phase) in enumerate(_zones(message, episodes)):
        at = moment(after.end_time if phase is Phase.END and after.end_time else after.frame_time)
        started = moment(after.start_time)
        found.append(
            Observation(
                id=f"{box}/{boot_id}/{index}",
                box=box,
                boot_id=boot_id,
                channel=Channel.OBSERVATIONS,
                seq=index,
                at=at,
                observation_id=str(uuid.uuid5(_NAMESPACE, f"{box}\x1f{after.id}\x1f{zone}")),
                rev=2 * rev + (phase is Phase.END),
                phase=phase,
                kind=ObservationKind.ZONE_PRESENCE,
                camera=device.subject,
                started_at=started,
                ended_at=at if phase is Phase.END else None,
                zone=zone,
                zone_kind=kind,
                label=after.label or None,
                confidence=min(1.0, max(0.0, after.top_score or after.score)),
                dwell_s=max(0.0, _seconds(started, at)),
                place=device.place,
                model="frigate",
            )
        )
    return found


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
