"""The tracks of one camera as they were stored: where who was in its picture, about once a second."""

from collections.abc import Iterable
from typing import NamedTuple

from cityloop.rules_tools.sources.entry import Entry
from contracts.codec import decode_message
from contracts.errors import ContractError
from contracts.topics import BoxTopic, Kind, parse_topic
from contracts.tracks import Tracks

__all__ = ["StoredMoment", "stored_tracks"]

_CARRYING = tuple(f"/{kind.value}" for kind in (Kind.TRACKS, Kind.URGENT))


class StoredMoment(NamedTuple):
    """What a camera told of its tracks at one moment."""

    message: Tracks
    place: BoxTopic
    arrived_s: float
    """Arrival at the gateway, seconds since 1970."""


def stored_tracks(
    entries: Iterable[Entry], camera: str, since_s: float, until_s: float
) -> list[StoredMoment]:
    """Return what a camera told, by its own time; what was sent again counts once.

    Args:
        entries: stored data.
        camera: whose.
        since_s: from which time on, seconds since 1970, included.
        until_s: up to which time, included.
    """
    named = camera.encode()
    found: dict[tuple[str, str, int], StoredMoment] = {}
    for record, prepared in entries:
        if not record.topic.endswith(_CARRYING) or named not in record.payload:
            continue
        place = parse_topic(record.topic)
        try:
            message = decode_message(record.payload) if prepared is None else prepared.message
        except ContractError:
            continue  # a gateway refused it as well: what it said is not known
        if not isinstance(message, Tracks) or not isinstance(place, BoxTopic):
            continue
        if message.camera == camera and since_s <= message.at.timestamp() <= until_s:
            moment = StoredMoment(message, place, record.arrived_at_us / 1_000_000)
            found.setdefault((message.box, message.boot_id, message.seq), moment)
    return sorted(found.values(), key=lambda moment: moment.message.at)
