"""What a rule finds: one statement about one episode."""

from msgspec import Struct

from contracts.envelope import Discovery, Evidence, Place
from contracts.event import Cause, EventPhase, Title
from contracts.levels import Level
from rules.actions import ActionOrder

__all__ = ["Breach", "EventSection", "GroupSection"]


class GroupSection(Struct, frozen=True, kw_only=True):
    """``group``: one event for all keys that agree in some names."""

    by: tuple[str, ...]
    """Those names."""
    wait_s: float
    """How long the first member waits for others, and news of members for more, in seconds."""


class EventSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ``event`` section of a rule: what its breaches are called and how they are treated."""

    type: str
    """Event type, dotted lower case: ``water.ponding``."""
    title: Title | None = None
    """Title template in both languages; without one the event type stands for it."""
    dedupe: tuple[str, ...] = ()
    """Key names whose values say that two events are about the same thing; default none."""
    inhibits: tuple[str, ...] = ()
    """Ids of rules that keep quiet about the same thing while the event is open; default none."""
    preplan: str | None = None
    """预案: id of the plan that the event launches; default none."""
    group: GroupSection | None = None
    """Which keys share one event; default each has its own."""
    frames: tuple[str, ...] = ("last",)
    """Whose pictures the event has: first, last or both; default last."""


class Breach(Struct, frozen=True, kw_only=True):
    """One statement about an episode; (event_id, rev) is its idempotency key.

    Times are event time in seconds since 1970 UTC. ``level`` is the level that holds now, at the
    end the one that held last. ``at`` is when the rule's condition was fulfilled, which is not when
    it was noticed; ``onset_at`` is when the deciding step's ``when`` first became true, ``ended_at``
    when the last held step's ``clear`` did.
    """

    rule: str
    rule_version: str
    event_id: str
    rev: int
    phase: EventPhase
    level: Level
    key: dict[str, str]
    onset_at: float
    at: float
    ended_at: float | None = None
    cause: Cause
    event: EventSection
    title: Title
    """The title with its fields filled in."""
    dedupe: str | None = None
    """Event type and the values of the ``dedupe`` keys, joined; None without such keys."""
    part: str = "ladder"
    """Which part of the rule speaks: ladder or absence; each has episodes of its own."""
    subject: str | None = None
    place: Place | None = None
    evidence: tuple[Evidence, ...] = ()
    discovery: Discovery = Discovery.AUTOMATIC
    within: dict[str, str] = {}
    """Values of the names that the rule groups by."""
    members: tuple[str, ...] = ()
    """Key values of those that a group speaks for, joined; bounded."""
    orders: tuple[ActionOrder, ...] = ()
    """Commands to devices that go with the statement, in this order."""
