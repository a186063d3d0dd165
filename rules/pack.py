"""Packs: declared YAML becomes typed, checked rules."""

import math
import re
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

from contracts.profiles import PROFILES
from rules.action_compiler import compile_actions
from rules.actions import Action
from rules.common_fields import common_fields, named_fields
from rules.declaration import (
    ErrorFactory,
    RuleDeclaration,
    read_declaration,
)
from rules.durations import parse_duration
from rules.event_compiler import compile_event, compile_titles, match_text
from rules.expression import Node, field_names
from rules.inline_tests import compile_tests
from rules.ladder_compiler import compile_ladder
from rules.let_compiler import compile_lets
from rules.migration import compile_migration
from rules.operator_compiler import compile_operators
from rules.quality.section import QualityDefaults, compile_quality
from rules.quality.watch import GateSet
from rules.quality.witness_signals import Witness, witnesses_of
from rules.rule import LATE_S, Condition, PackTest, Rule, RulePack, Step
from rules.rule_version import rule_version
from rules.signal_compiler import FRESH_CADENCES, SignalSet, compile_signals
from rules.table_files import NO_FILES, TableFiles
from rules.table_names import find_table, imply_table
from rules.tables import NO_TABLES, Tables, compile_tables, share
from rules.vocabulary import STREAMS, FieldTable, Stream
from rules.watch_compiler import compile_filters, compile_kinds, find_stream, listed
from rules.where_compiler import compile_spatial, compile_where
from rules.windows import Let

__all__ = ["Condition", "PackTest", "Rule", "RulePack", "Step", "compile_pack", "shared_tables"]

_RULE_ID = re.compile(r"[a-z0-9_-]{1,64}")
_VERSION = re.compile(r"[A-Za-z0-9._-]{1,32}")
_DATE = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_LASTING = frozenset({"readings", "counts", "signals"})
"""Streams whose subjects do not end: what is held there must be able to clear."""

_MOST_LATE_S = 3600.0
"""Longest allowed lateness. Source: expert setting."""

_Here = tuple[str | int, ...]


def compile_pack(
    data: object,
    name: str,
    error: ErrorFactory,
    quality_defaults: QualityDefaults = MappingProxyType({}),
    key_error: ErrorFactory | None = None,
    files: TableFiles = NO_FILES,
    shared: Tables = NO_TABLES,
) -> RulePack:
    """Return the rules in a pack.

    Args:
        data: the parsed YAML: plain lists, dicts, texts, numbers and booleans.
        name: what the pack is called.
        error: makes the error for a path of the document; it is raised at the first fault.
        quality_defaults: what ``profile`` stands for in ``quality`` sections; without them such a
            section has to give every threshold but the range.
        key_error: makes the error for a key, at its place; None: ``error``.
        files: those that tables of places name.
        shared: the tables that packs in force with it share, its own among them.

    Raises:
        Exception: what ``error`` makes: wrong shape, unknown or unsupported part, an expression
            that does not parse or type-check, a ladder that is not ascending or cannot work.
    """
    declared = read_declaration(data, error, key_error or error)
    if not declared.rules and declared.shared is None:
        raise error(("rules",), "expected at least one rule")
    assert isinstance(data, dict)
    tables = compile_tables(declared, data, error, files, shared)
    witnesses = witnesses_of(declared.rules)
    seen: set[str] = set()
    rules: list[Rule] = []
    tests: list[PackTest] = []
    gates: list[GateSet] = []
    for index, rule in enumerate(declared.rules):
        if rule.id in seen:
            raise error(("rules", index, "id"), f"rule {rule.id!r} is declared twice; rename one")
        seen.add(rule.id)
        compiler = _RuleCompiler(rule, ("rules", index), error, tables)
        version = rule_version(data, index, tables.written, compiler.implied)
        rules.append(compiler.compile(version))
        tests += compiler.tests(rules[-1])
        if rule.quality is not None:
            gates.append(compiler.gates(quality_defaults, witnesses))
    return RulePack(name=name, rules=tuple(rules), tests=tuple(tests), quality=tuple(gates))


def shared_tables(
    data: object,
    error: ErrorFactory,
    key_error: ErrorFactory,
    files: TableFiles = NO_FILES,
    others: Tables = NO_TABLES,
) -> Tables:
    """Return what packs share, with the section ``shared`` of one more pack.

    Args:
        data: the parsed YAML of the pack.
        error: makes the error for a path of the document.
        key_error: makes the error for a key, at its place.
        files: those that its tables of places name.
        others: what the packs before it share.

    Raises:
        Exception: what ``error`` makes.
    """
    if not isinstance(data, dict) or "shared" not in data:
        return others
    declared = read_declaration(data, error, key_error).shared
    written = data["shared"]
    if declared is None or not isinstance(written, dict):
        return others

    def below(path: Sequence[str | int], message: str) -> Exception:
        return error(("shared", *path), message)

    return share(declared, written, below, files, others)


class _RuleCompiler:
    def __init__(
        self,
        declared: RuleDeclaration,
        path: _Here,
        error: ErrorFactory,
        tables: Tables,
    ) -> None:
        self._declared = declared
        self._calendars = tables.calendars
        self._path = path
        self._error = error
        self._tables = tables.places
        self._areas = tables.areas
        self._table = find_table("for_each", declared.for_each, tables.places, self._fail)
        self._members = find_table("members", declared.members, tables.places, self._fail)
        self.implied: tuple[str, ...] = ()
        """Tables that it uses although it does not name them."""
        if self._table is None:
            self._table = imply_table(declared, tables.places, self._fail)
            self.implied = () if self._table is None else (self._table.name,)

    def _fail(self, where: Sequence[str | int], message: str) -> Exception:
        return self._error((*self._path, *where), f"rule {self._declared.id!r}: {message}")

    def _fail_below(self, here: _Here, where: Sequence[str | int], message: str) -> Exception:
        return self._fail((*here, *where), message)

    def compile(self, version: str) -> Rule:
        declared = self._declared
        for name, value, pattern, expected in (
            ("id", declared.id, _RULE_ID, "1 to 64 characters of a-z, 0-9, '_' and '-'"),
            ("version", declared.version, _VERSION, "letters, digits, '.', '_', '-'"),
            ("since", declared.since, _DATE, "a date like 2026-11-01"),
        ):
            if value is not None:
                match_text((name,), value, pattern, expected, self._fail)
        stream_name, stream, watched, made = self._watched()
        spatial = compile_spatial(declared, stream, self._areas, self._tables, self._fail)
        watched = {**watched, **spatial.fields}
        lets, fields = compile_lets(declared.let, self._with_places(watched), self._fail)
        kinds: tuple[str, ...] = ()
        filters = spatial.filters
        if declared.watch is not None:
            kinds = compile_kinds(("watch",), declared.watch, stream, self._fail)
            filters += compile_filters(("watch",), declared.watch, stream, self._fail)
        key = self._names(("key",), declared.key, stream)
        if not key:
            raise self._fail(("key",), "expected at least one name")
        if declared.quality is not None:
            # one episode for each field and check of a sensor, of the gates of this rule alone
            key = tuple(dict.fromkeys((*key, "field", "check")))
            filters = (*filters, ("gates", frozenset({declared.id})))
        elif declared.event.level is not None:
            raise self._fail(
                ("event", "level"),
                "only for a rule with 'quality'; the steps of 'ladder' have levels",
            )
        if stream_name == "tracks" and "track" not in key:
            raise self._fail(("key",), "expected 'track' in it: tracks would share one state")
        gap_s = self._gap(stream_name)
        dedupe = self._names(("event", "dedupe"), declared.event.dedupe, stream)
        event = compile_event(declared.event, dedupe, stream, self._fail)
        zh, en = compile_titles(event, stream, fields, self._fail)
        where = compile_where(declared, spatial, fields, self._fail)
        steps = compile_ladder(
            declared,
            fields,
            where,
            self._fail,
            must_clear=stream_name in _LASTING,
            table=self._table,
        )
        watch = declared.watch
        profiles: tuple[str, ...] = ()
        if watch is not None and stream_name == "readings":
            profiles = tuple(dict.fromkeys(listed(watch.profile or ())))
        if profiles:
            fresh_s = FRESH_CADENCES * max(PROFILES[one].cadence_s for one in profiles)
        else:
            fresh_s = math.inf if stream.fresh_s is None else (gap_s or stream.fresh_s)
        return Rule(
            id=declared.id,
            version=declared.version or version,
            event=event,
            title_zh=zh,
            title_en=en,
            stream=stream_name,
            profiles=profiles,
            kinds=kinds,
            filters=filters,
            key=key,
            steps=steps,
            fields=fields,
            names=tuple(name for name in _read(steps, lets, watched) if name not in spatial.fields),
            gap_s=gap_s,
            late_s=self._late(),
            migrate=compile_migration(
                declared.migrate,
                key,
                [step.level for step in steps],
                partial(self._fail_below, ("migrate",)),
            ),
            fresh_s=fresh_s,
            signals=() if made is None else made.signals,
            areas={} if made is None else made.areas,
            spatial=spatial.tests,
            table=self._table,
            members=self._members,
            silence_s=fresh_s if stream.vanishes else math.inf,
            operators=compile_operators(
                declared,
                stream=stream_name,
                lowest=steps[0].level,
                lets=lets,
                actions=self._actions(steps, stream, fields),
                calendars=self._calendars,
                fail=self._fail,
            ),
            since=declared.since,
        )

    def tests(self, rule: Rule) -> list[PackTest]:
        """Return the tests written in the rule, after it was compiled."""
        watch = self._declared.watch
        watched = () if watch is None else watch.profile or ()
        return compile_tests(
            self._declared.tests,
            rule,
            keys=(*STREAMS[rule.stream].keys, *rule.key),
            gated=listed(watched) if self._declared.quality is not None else (),
            fail=self._fail_below,
        )

    def gates(self, defaults: QualityDefaults, witnesses: Mapping[str, Witness]) -> GateSet:
        """Return the gates that the rule's ``quality`` section declares."""
        declared = self._declared
        gates = compile_quality(
            declared.quality,
            lambda where, message: self._fail(("quality", *where), message),
            profiles=listed(declared.watch.profile or ()) if declared.watch is not None else (),
            defaults=defaults,
            witnesses=witnesses,
        )
        return GateSet(declared.id, gates)

    def _watched(self) -> tuple[str, Stream, FieldTable, SignalSet | None]:
        """Return what is watched: name of the stream, the stream, its fields, and signals."""
        declared, watch = self._declared, self._declared.watch
        if watch is not None and declared.signals:
            raise self._fail(("signals",), "a rule reads 'watch' or 'signals'; remove one of them")
        if watch is None and not declared.signals:
            raise self._fail((), "'watch' is missing; add it, or 'signals'")
        if watch is None:
            if declared.quality is not None:
                raise self._fail(("quality",), "quality gates need a 'watch' with a 'profile'")
            made = compile_signals(declared, self._table, self._members, self._areas, self._fail)
            return "signals", made.stream, made.stream.fields, made
        if declared.members is not None:
            raise self._fail(("members",), "only rules with 'signals' have members; remove it")
        if declared.quality is not None and watch.profile is None:
            raise self._fail(("watch",), "quality gates need a 'profile', or a list of them")
        profiles = None if watch.profile is None else listed(watch.profile)
        name = find_stream(("watch",), profiles, watch, self._fail)
        if declared.quality is not None:
            return "quality", STREAMS["quality"], STREAMS["quality"].fields, None
        if profiles is None:
            return name, STREAMS[name], STREAMS[name].fields, None
        return name, STREAMS[name], self._common(profiles), None

    def _common(self, profiles: Sequence[str]) -> FieldTable:
        """Return the fields that a rule over these profiles may name."""
        common = common_fields([PROFILES[one] for one in profiles])
        for path, name in named_fields(self._declared):
            if name in common.apart and name not in self._declared.let:
                shared = ", ".join(common.fields) or "none"
                raise self._fail(
                    path,
                    f"{common.apart[name]}; fields that all of {', '.join(profiles)} have: {shared}; "
                    "write a rule for each profile",
                )
        return common.fields

    def _with_places(self, watched: FieldTable) -> FieldTable:
        """Return the fields that are watched, and those of the table of places."""
        table = self._table
        if table is None:
            return watched
        if table.key not in self._declared.key:
            raise self._fail(
                ("key",),
                f"expected {table.key!r} in it: the rows of {table.name!r} are found by it",
            )
        both = next((name for name in table.fields if name in watched), None)
        if both is not None:
            raise self._fail(
                ("for_each",), f"column {both!r} of {table.name!r} is a field already; rename it"
            )
        return {**watched, **table.fields}

    def _names(self, where: _Here, names: Sequence[str], stream: Stream) -> tuple[str, ...]:
        for index, name in enumerate(names):
            if name not in stream.keys:
                raise self._fail(
                    (*where, index),
                    f"{name[:40]!r} is no key of what is watched; expected one of "
                    f"{', '.join(stream.keys)}",
                )
            if name in names[:index]:
                raise self._fail((*where, index), f"{name!r} stands twice")
        return tuple(names)

    def _gap(self, stream: str) -> float:
        if self._declared.gap is None:
            return 0.0
        if stream not in {"tracks", "observations"}:
            raise self._fail(("gap",), "gap bridges tracks and observations; nothing else ends")
        return self._duration(("gap",), self._declared.gap)

    def _late(self) -> float:
        if self._declared.late is None:
            return LATE_S
        late_s = self._duration(("late", "allow"), self._declared.late.allow)
        if late_s > _MOST_LATE_S:
            raise self._fail(("late", "allow"), "expected at most 1h; trails are held in memory")
        return late_s

    def _duration(self, where: _Here, text: str) -> float:
        try:
            return parse_duration(text)
        except ValueError as failure:
            raise self._fail(where, str(failure)) from failure

    def _actions(
        self, steps: Sequence[Step], stream: Stream, fields: FieldTable
    ) -> tuple[Action, ...]:
        declared = self._declared
        levels = dict.fromkeys(step.level for step in steps)
        levels |= dict.fromkeys(entry.level for entry in declared.escalate)
        if declared.no_data is not None and declared.no_data.level is not None:
            levels[declared.no_data.level] = None
        return compile_actions(
            declared.actions,
            names={*stream.keys, *fields},
            fields=fields,
            levels=levels,
            fail=self._fail,
        )


def _read(steps: Sequence[Step], lets: Sequence[Let], watched: FieldTable) -> tuple[str, ...]:
    """Return the names of the watched fields that a rule reads, directly or through ``let``."""
    nodes = [let.node for let in lets] + [node for step in steps for node in _nodes(step)]
    return tuple(name for name in field_names(*nodes) if name in watched)


def _nodes(step: Step) -> tuple[Node, Node]:
    return step.when.node, step.clear.node
