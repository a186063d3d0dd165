"""status.v1: birth, heartbeat and last will of a box (retained); dropped.v1: a confessed gap."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Envelope, Id, Place

__all__ = ["BoxState", "Dropped", "Status", "SubjectBirth"]


class BoxState(StrEnum):
    """Why a status was sent."""

    BIRTH = "birth"
    HEARTBEAT = "heartbeat"
    OFFLINE = "offline"
    """Last will, published by the hub, or a clean goodbye."""


class SubjectBirth(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sensor or camera that a box speaks for."""

    subject: Id
    profile: str
    """A device profile, or ``camera``."""
    place: Place | None = None


class Status(Envelope, frozen=True, kw_only=True, tag="status.v1", tag_field="type"):
    """What a box says about itself. Counters only grow within a boot."""

    state: BoxState
    versions: dict[str, str] = {}
    subjects: tuple[SubjectBirth, ...] = ()
    clock_offset_s: float | None = None
    """This box's clock minus true time, seconds, where NTP tells it."""
    counters: dict[str, int] = {}


class Dropped(Envelope, frozen=True, kw_only=True, tag="dropped.v1", tag_field="type"):
    """Takes the place of messages that a full outbox had to give up, so that no gap is silent.

    Stands for every seq from ``from_seq`` to ``seq`` of its channel, both included.
    """

    from_seq: Annotated[int, Meta(ge=0)]
    reason: str
