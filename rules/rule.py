"""A rule, compiled and checked: what the engine runs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final

from msgspec import Struct

from contracts.levels import Level
from rules.areas import Areas
from rules.breach import EventSection
from rules.expression import Node
from rules.ladder import Delays
from rules.migration import Migration
from rules.operators import NO_OPERATORS, Operators
from rules.places import PlaceTable
from rules.quality.watch import GateSet
from rules.signals import Signal
from rules.spatial import SpatialTest
from rules.titles import TitleTemplate
from rules.vocabulary import FieldTable

__all__ = ["LATE_S", "Condition", "PackTest", "Rule", "RulePack", "Step"]


LATE_S: Final = 600.0
"""Allowed lateness of a rule that does not say otherwise. Source: expert setting."""


class Condition(Struct, frozen=True):
    """A checked condition: its tree, and its text as written for people."""

    node: Node
    text: str


class Step(Struct, frozen=True):
    """One step of a ladder. ``where`` of the rule is already part of both conditions."""

    level: Level
    when: Condition
    clear: Condition
    delays: Delays
    source: str | None = None
    """Where its numbers come from, in words."""


class Rule(Struct, frozen=True, kw_only=True):
    """A rule, ready to be run."""

    id: str
    version: str
    event: EventSection
    title_zh: TitleTemplate
    title_en: TitleTemplate
    stream: str
    profiles: tuple[str, ...]
    """Device profiles, any of which is read; empty for a stream other than readings."""
    kinds: tuple[str, ...]
    """Kinds of observation; empty for any."""
    filters: tuple[tuple[str, frozenset[str]], ...]
    """Key names with the values they may have."""
    key: tuple[str, ...]
    steps: tuple[Step, ...]
    fields: FieldTable
    names: tuple[str, ...]
    """Fields of a sample that the conditions read."""
    gap_s: float
    """Seconds a subject that ended may stay away; 0: its end ends the episode."""
    fresh_s: float
    """Seconds for which a value stands for the present without a newer one."""
    silence_s: float
    """Seconds of silence after which a subject counts as gone; infinite where silence is none."""
    operators: Operators = NO_OPERATORS
    """What it has beside its ladder."""
    since: str | None = None
    """Date from which its numbers are in force, ISO 8601."""
    signals: tuple[Signal, ...] = ()
    """What it reads instead of one stream."""
    spatial: tuple[SpatialTest, ...] = ()
    """Flags that conditions read, made of a sample's place."""
    table: PlaceTable | None = None
    """Values of its keys; a key that is not in it has no state."""
    areas: Mapping[str, Areas] = MappingProxyType({})
    """Areas that its signals are inside of, by table."""
    members: PlaceTable | None = None
    """Which key a member of a signal belongs to."""
    migrate: Migration | None = None
    """How states of an older version go on."""
    late_s: float = LATE_S
    """How far behind its key's newest sample one may lie and still be judged, in seconds."""


class PackTest(Struct, frozen=True, kw_only=True):
    """A test written inside a pack: samples of one key, and what its rule must say."""

    __test__: ClassVar[bool] = False

    rule: str
    name: str
    series: tuple[tuple[str, tuple[tuple[float, float | bool | str | None], ...]], ...]
    """Per field: seconds after the start and value; None: a sample without the field."""
    expect: tuple[tuple[str, float | None], ...]
    """Statements in order: a level, clear or another word, and when; None: at any time."""
    start: float
    """Event time of the first sample, in seconds since 1970 UTC."""
    lasts_s: float
    """Until when the clock goes on, in seconds after the start."""
    late_s: float = 0.0
    """How much later than their own time the samples arrive."""
    controls: tuple[tuple[float, str, str | None], ...] = ()
    """What people say: seconds after the start, action, and mode, with its district where it has one."""
    keys: tuple[tuple[str, str], ...] = ()
    """Key names with their values, over the tester's own."""
    places: tuple[tuple[str, tuple[float, float]], ...] = ()
    """Series of members of signals with lon and lat of the member."""
    profile: str | None = None
    """Profile of the readings for a rule with gates; None: what the rule watches."""


class RulePack(Struct, frozen=True, kw_only=True):
    """The rules of one file."""

    name: str
    rules: tuple[Rule, ...]
    tests: tuple[PackTest, ...] = ()
    """The tests written beside the rules, in order."""
    quality: tuple[GateSet, ...] = ()
    """Gates of those rules that have a ``quality`` section."""
