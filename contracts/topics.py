"""MQTT topics: building and parsing. Source: architecture §4.

Levels match ``[a-z0-9-]{1,64}``: a space would make nats-server cut the client off, and a dot would
become a double slash on its subjects.
"""

from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from contracts.errors import IdError, TopicError
from contracts.ids import check_id

__all__ = [
    "PREFIX",
    "BoxTopic",
    "DistrictTopic",
    "Kind",
    "box_topic",
    "district_topic",
    "parse_topic",
    "subscription",
]

PREFIX = "city/v1"


class Kind(StrEnum):
    """Last part of a topic: what travels there."""

    READINGS = "readings"
    TRACKS = "tracks"
    COUNTS = "counts"
    OBSERVATIONS = "observations"
    URGENT = "urgent"
    STATUS = "status"
    ACK = "ack"
    CONFIG_DESIRED = "config/desired"
    CONFIG_REPORTED = "config/reported"
    COMMAND = "command"
    COMMAND_RESULT = "command/result"
    EVENTS = "events"
    CONTROL = "control"


_BOX_KINDS = {kind.value: kind for kind in Kind if kind not in {Kind.EVENTS, Kind.CONTROL}}
_DISTRICT_KINDS = {kind.value: kind for kind in (Kind.EVENTS, Kind.CONTROL)}


class BoxTopic(NamedTuple):
    """A topic below one box."""

    district: str
    site: str
    box: str
    kind: Kind


class DistrictTopic(NamedTuple):
    """A topic of a whole district."""

    district: str
    kind: Kind


def box_topic(district: str, site: str, box: str, kind: Kind) -> str:
    """Return ``city/v1/{district}/{site}/{box}/{kind}``.

    Raises:
        IdError: when a level is no legal id.
        TopicError: when ``kind`` belongs to a district, not to a box.
    """
    if kind.value not in _BOX_KINDS:
        msg = f"kind {kind.value!r} is not a box's; expected one of {', '.join(_BOX_KINDS)}"
        raise TopicError(msg)
    levels = (check_id(district, "district"), check_id(site, "site"), check_id(box, "box"))
    return f"{PREFIX}/{'/'.join(levels)}/{kind.value}"


def district_topic(district: str, kind: Kind) -> str:
    """Return ``city/v1/{district}/{kind}`` for events and control.

    Raises:
        IdError: when the district is no legal id.
        TopicError: when ``kind`` belongs to a box.
    """
    if kind.value not in _DISTRICT_KINDS:
        msg = f"kind {kind.value!r} is not a district's; expected events or control"
        raise TopicError(msg)
    return f"{PREFIX}/{check_id(district, 'district')}/{kind.value}"


def subscription(kind: Kind, district: str = "+", site: str = "+", box: str = "+") -> str:
    """Return an MQTT filter for one kind; ``+`` stands for any district, site or box."""
    if kind.value in _DISTRICT_KINDS:
        return f"{PREFIX}/{district}/{kind.value}"
    return f"{PREFIX}/{district}/{site}/{box}/{kind.value}"


@lru_cache(maxsize=65_536)
def parse_topic(topic: str) -> BoxTopic | DistrictTopic:
    """Return what a topic names.

    Raises:
        TopicError: when it is not one of ours or a level is malformed.
    """
    levels = topic.split("/")
    if len(levels) < 4 or levels[:2] != ["city", "v1"]:
        msg = f"topic {topic[:120]!r}: expected city/v1/{{district}}/..."
        raise TopicError(msg)
    district_kind = _DISTRICT_KINDS.get(levels[3]) if len(levels) == 4 else None
    if district_kind is None and "/".join(levels[5:]) not in _BOX_KINDS:
        msg = f"topic {topic[:120]!r}: {'/'.join(levels[5:])[:60]!r} is no kind of message"
        raise TopicError(msg)
    try:
        district = check_id(levels[2], "district")
        if district_kind is not None:
            return DistrictTopic(district, district_kind)
        site, box = check_id(levels[3], "site"), check_id(levels[4], "box")
    except IdError as error:
        msg = f"topic {topic[:120]!r}: {error}"
        raise TopicError(msg) from error
    return BoxTopic(district, site, box, Kind("/".join(levels[5:])))
