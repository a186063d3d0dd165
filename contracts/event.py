"""event.v1: one episode of one breach, with revisions; what the gateway posts to the API."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Discovery, Evidence, Id, Moment, Place
from contracts.levels import Level

__all__ = ["Cause", "Event", "EventPhase", "Title"]


class EventPhase(StrEnum):
    """Where an event stands."""

    OPEN = "open"
    UPDATE = "update"
    END = "end"


class Title(Struct, frozen=True, kw_only=True):
    """What people read, in both languages."""

    zh: str
    en: str


class Cause(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a rule spoke: what it compared, with which values, from which message.

    ``message`` names the deciding message (box/boot/channel/seq), ``sent_at`` is when it left its
    box; ``tick`` is true where a timer decided and no message did.
    """

    expression: str
    values: dict[str, float | bool | str | None] = {}
    message: str | None = None
    sent_at: Moment | None = None
    journal_offset: int | None = None
    tick: bool = False
    flags: tuple[str, ...] = ()


class Event(Struct, frozen=True, kw_only=True, tag="event.v1", tag_field="type"):
    """One statement about an episode; (event_id, rev) is its idempotency key, the highest rev wins.

    ``level`` is the level that holds now; at the end it is the level that held last.
    """

    event_id: Annotated[str, Meta(pattern=r"^[0-9a-f-]{36}$(?!\n)")]
    rev: Annotated[int, Meta(ge=0)]
    event_type: Annotated[str, Meta(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$(?!\n)", max_length=128)]
    rule: str
    rule_version: str
    level: Level
    phase: EventPhase
    key: dict[str, str]
    district: Id
    onset_at: Moment
    at: Moment
    title: Title
    cause: Cause
    subject: str | None = None
    ended_at: Moment | None = None
    place: Place | None = None
    discovery: Discovery = Discovery.AUTOMATIC
    dedupe: str | None = None
    preplan: str | None = None
    evidence: tuple[Evidence, ...] = ()
    members: tuple[str, ...] = ()
    """Key values of those that an event of a group speaks for, joined; at most 50 are named."""
