"""The shape of a pack as written: Structs of the YAML.

Every value is still as written here; :mod:`rules.pack` gives it meaning.
"""

from typing import Annotated, ClassVar, Literal

import msgspec

from contracts.event import Title
from contracts.levels import Level
from rules.action_declaration import ActionDeclaration
from rules.operator_declaration import (
    AbsenceDeclaration,
    CalendarDeclaration,
    Declared,
    EscalateDeclaration,
    GroupDeclaration,
    HolidayDeclaration,
    LateDeclaration,
    LetDeclaration,
    MigrateDeclaration,
    NoDataDeclaration,
)
from rules.place_declaration import PlacesDeclaration, SignalDeclaration
from rules.plain_words import plain_words
from rules.shape import ErrorFactory, Path, check_names, find_fault
from rules.tally_declaration import TallyDeclaration
from rules.where_declaration import AreasDeclaration, WhereDeclaration

__all__ = [
    "ErrorFactory",
    "EventDeclaration",
    "EvidenceDeclaration",
    "PackDeclaration",
    "Path",
    "RepeatDeclaration",
    "RuleDeclaration",
    "SharedDeclaration",
    "StepDeclaration",
    "TestDeclaration",
    "WatchDeclaration",
    "read_declaration",
]


class EvidenceDeclaration(Declared, frozen=True, kw_only=True):
    """``evidence``: which pictures go with the event."""

    frames: Annotated[list[Literal["first", "last"]], msgspec.Meta(min_length=1, max_length=2)]
    """first: those of the message that opened it; last: those of the message that decides."""


class EventDeclaration(Declared, frozen=True, kw_only=True):
    """``event``: what a breach of the rule is called and how it is treated."""

    type: str
    """Event type, dotted lower case."""
    title: Title | None = None
    """Title template in both languages; default the event type."""
    dedupe: list[str] = []
    """Key names that make two events the same thing; default none."""
    remind: str | None = None
    """How often an open event that nobody acknowledged is told again; default never."""
    inhibits: list[str] = []
    """Ids of rules that keep quiet about the same thing while the event is open; default none."""
    group: GroupDeclaration | None = None
    """One event for several keys; default each has its own."""
    preplan: str | None = None
    """Plan 预案 that the event launches; default none."""
    evidence: EvidenceDeclaration | None = None
    """Which pictures go with the event; default those of the message that decides."""
    level: Level | None = None
    """Level of a rule with ``quality`` and no ladder; default yellow."""


class WatchDeclaration(Declared, frozen=True, kw_only=True):
    """``watch``: either a device profile or a stream, with filters."""

    profile: str | list[str] | None = None
    """Device profile whose readings the rule judges; of several, the fields that all of them have."""
    stream: str | None = None
    """tracks, counts or observations."""
    class_: str | list[str] = msgspec.field(default_factory=list, name="class")
    """Detector labels; default any. For tracks and observations."""
    zone_kind: str | list[str] = []
    """Kinds of zone; default any."""
    kind: str | list[str] = []
    """Kinds of observation; default any."""
    subject: str | list[str] = []
    """Sensors or cameras; default any. Found by name, so that rules of one sensor cost the others nothing."""
    site: str | list[str] = []
    """Sites; default any."""
    district: str | list[str] = []
    """Districts; default any."""


class RepeatDeclaration(Declared, frozen=True, kw_only=True):
    """``repeat``: how often a step's condition must come true before it counts."""

    count: Annotated[int, msgspec.Meta(ge=2, le=100)]
    """How many times, 2 to 100."""
    within: str
    """Within what time."""


class StepDeclaration(Declared, frozen=True, kw_only=True):
    """One step of a ladder."""

    level: Level
    """blue, yellow or red."""
    when: str | bool | TallyDeclaration
    """Condition that raises to this level."""
    clear: str | bool | TallyDeclaration | None = None
    """Condition that ends it; default the opposite of ``when``."""
    for_: str = msgspec.field(default="0s", name="for")
    """How long ``when`` must hold without interruption; default 0s."""
    clear_for: str = "0s"
    """How long ``clear`` must hold without interruption; default 0s."""
    repeat: RepeatDeclaration | None = None
    """How often ``when`` must come true, each time for ``for``; default once."""
    source: str | None = None
    """Where the step's numbers come from: a standard, a by-law, an expert; default the rule's."""


class TestDeclaration(Declared, frozen=True, kw_only=True):
    """One test of a rule: samples of one key, and the statements they must lead to."""

    __test__: ClassVar[bool] = False

    series: dict[str, str]
    """Per field its values: ``0 0.2x6@10s`` is 0, then six times 0.2, 10 s after each."""
    expect: list[str]
    """Statements in order: ``blue@60s``, ``clear@*``."""
    name: str | None = None
    """What the test shows; default its place in the list."""
    start: str | None = None
    """Event time of the first sample, with its offset; default 2026-01-05T00:00:00Z, a Monday."""
    until: str | None = None
    """Until when the clock goes on; default the end of the series."""
    late: str | None = None
    """How much later than their own time the samples arrive; default 0s."""
    control: list[str] = []
    """What people say: ``acknowledge@10m``, ``shelve@5m``, ``unshelve@9m``, ``mode emergency@0s``; and
    ``restart@30s``: the engine goes on from its snapshots; ``end@60s``: a track or observation is over."""
    key: dict[str, str] = {}
    """Values of key names; default values of the tester's own."""
    places: dict[str, Annotated[list[float], msgspec.Meta(min_length=2, max_length=2)]] = {}
    """Where members of signals are, lon and lat: ``{rain/gauge-2: [121.47, 31.23]}``. They speak for what they are
    near to or inside of; default the key's own members."""


_Amount = int | float | str


class RuleDeclaration(Declared, frozen=True, kw_only=True):
    """One rule."""

    id: str
    """Unique in the pack: a-z, 0-9, '_' and '-'."""
    event: EventDeclaration
    watch: WatchDeclaration | None = None
    """What the rule reads; this or ``signals``."""
    key: list[str]
    """What the rule keeps a state of its own for."""
    ladder: list[StepDeclaration] | None = None
    """Steps in ascending order of level; only a rule with ``quality`` may do without."""
    where: str | WhereDeclaration | None = None
    """Condition that a sample must meet to count for ``when``, or parts of one; default none."""
    gap: str | None = None
    """How long a lost subject may stay away without ending the episode; default not at all."""
    latch: bool = False
    """Whether the event neither steps down nor ends before it is acknowledged; default false."""
    signals: dict[str, SignalDeclaration] = {}
    """What several sensors or streams say about the key at one time, by name; default none."""
    for_each: str | None = None
    """Table of places whose columns conditions may name, found by the key; default none."""
    members: str | None = None
    """Table of places that says which key a subject of ``signals`` belongs to; default none."""
    let: dict[str, LetDeclaration] = {}
    """Derived values that conditions may name, in order; default none."""
    escalate: list[EscalateDeclaration] = []
    """What the open event becomes when nobody takes it up; default nothing."""
    active: str | list[str] = []
    """Calendars: the rule is active while any of them holds; default always."""
    no_data: NoDataDeclaration | None = None
    """What silence of the key does to the rule's event; default hold."""
    absence: AbsenceDeclaration | None = None
    """The event that silence of the key is by itself; default none."""
    late: LateDeclaration | None = None
    """How late samples may come and still be judged in their place; default 10 min."""
    migrate: MigrateDeclaration | None = None
    """Names that an older version had, so that its states go on; default none."""
    quality: dict[str, _Amount | dict[str, _Amount | dict[str, _Amount]]] | None = None
    """Gates that the readings of the watched profiles pass before any rule sees them; the rule is
    then about sensors that give bad values. Default none."""
    actions: list[ActionDeclaration] = []
    """Commands to devices while the event has a level; default none."""
    source: str | None = None
    """Where the numbers of its steps come from, unless a step says otherwise; default not said."""
    since: str | None = None
    """Date from which the numbers are in force: 2026-11-01; default not said."""
    version: str | None = None
    """Version of the rule; default a hash of its content without its tests."""
    tests: list[TestDeclaration] = []
    """Tests of the rule; default none."""


class SharedDeclaration(Declared, frozen=True, kw_only=True):
    """``shared``: tables for all packs that are in force together."""

    calendars: dict[str, CalendarDeclaration] = {}
    """Calendars by name; default none."""
    holidays: dict[str, HolidayDeclaration] = {}
    """Holiday tables by name; default none."""
    places: dict[str, PlacesDeclaration] = {}
    """Tables of places by name; default none."""
    areas: dict[str, AreasDeclaration] = {}
    """Tables of areas by name; default none."""


class PackDeclaration(Declared, frozen=True, kw_only=True):
    """One file."""

    rules: list[RuleDeclaration] = []
    """The rules; only a pack with ``shared`` may do without."""
    calendars: dict[str, CalendarDeclaration] = {}
    """Calendars by name; default none."""
    holidays: dict[str, HolidayDeclaration] = {}
    """Holiday tables by name; default none."""
    places: dict[str, PlacesDeclaration] = {}
    """Tables of places by name; default none."""
    areas: dict[str, AreasDeclaration] = {}
    """Tables of areas by name; default none."""
    shared: SharedDeclaration | None = None
    """Tables that other packs may name too; default none."""


def read_declaration(data: object, error: ErrorFactory, key_error: ErrorFactory) -> PackDeclaration:
    """Return the declaration in a pack's parsed YAML.

    Args:
        data: plain lists, dicts, texts, numbers and booleans.
        error: makes the error for the value at a path.
        key_error: makes the error for the key at a path.

    Raises:
        Exception: what they make, for the first thing that is not of this shape.
    """
    if not isinstance(data, dict):
        raise error((), f"expected a mapping with 'rules', found {_kind(data)}")
    check_names(data, PackDeclaration, key_error)
    if "rules" not in data and "shared" not in data:
        raise error((), "'rules' is missing; add it")
    try:
        return msgspec.convert(data, PackDeclaration)
    except msgspec.ValidationError as failure:
        path, reason = find_fault(str(failure), data, PackDeclaration)
        raise error(path, plain_words(reason)) from failure


def _kind(value: object) -> str:
    names = {list: "a list", dict: "a mapping", str: "a text", type(None): "nothing"}
    return names.get(type(value), type(value).__name__)
