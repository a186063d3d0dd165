"""status.v1: birth, heartbeat and last will of a box (retained); dropped.v1: a confessed gap."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Envelope, Id, Place

__all__ = ["BoxState", "CameraState", "Dropped", "Status", "SubjectBirth"]


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


class CameraState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a camera does, as its box sees it."""

    camera: Id
    up: bool
    """Whether it gives pictures, and they can be looked at."""
    fps: Annotated[float, Meta(ge=0.0)] | None = None
    """Frames a second that came since the status before; None in the first one."""
    flaws: tuple[str, ...] = ()
    """What is wrong with its picture now: frozen, covered, defocused, shifted."""


class Status(Envelope, frozen=True, kw_only=True, tag="status.v1", tag_field="type"):
    """What a box says about itself. Counters only grow within a boot."""

    state: BoxState
    versions: dict[str, str] = {}
    subjects: tuple[SubjectBirth, ...] = ()
    clock_offset_s: float | None = None
    """This box's clock minus true time, seconds, where NTP tells it."""
    counters: dict[str, int] = {}
    cameras: tuple[CameraState, ...] = ()


class Dropped(Envelope, frozen=True, kw_only=True, tag="dropped.v1", tag_field="type"):
    """Takes the place of messages that a full outbox had to give up, so that no gap is silent.

    Stands for every seq from ``from_seq`` to ``seq`` of its channel, both included.
    """

    from_seq: Annotated[int, Meta(ge=0)]
    reason: str
