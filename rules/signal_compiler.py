"""``signals``: what is declared becomes checked, and fields that conditions may name."""

import re
from collections.abc import Callable, Mapping, Sequence

from contracts.profiles import PROFILES, ProfileField
from rules.area_compiler import AreaTables
from rules.areas import Areas
from rules.correlator import GRID
from rules.declaration import RuleDeclaration
from rules.distances import parse_distance
from rules.durations import parse_duration
from rules.errors import ExpressionError
from rules.expression import check, field_names, parse
from rules.place_declaration import SignalDeclaration
from rules.places import PlaceTable
from rules.signals import MEMBER, TAKES, Signal
from rules.vocabulary import STREAMS, FieldTable, Stream, profile_fields
from rules.watch_compiler import compile_filters, compile_kinds, find_stream

__all__ = ["FRESH_CADENCES", "SignalSet", "compile_signals"]

Fail = Callable[[Sequence[str | int], str], Exception]

FRESH_CADENCES = 2.5
"""A reading stands for the present for this many cadences. Source: rules-example.yaml (absence)."""
_STREAM_FRESH_S = 20.0
_MOST_SIGNALS = 8
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class SignalSet:
    """The signals of a rule, the areas they are in, and the stream that they make with its fields."""

    def __init__(
        self, signals: tuple[Signal, ...], areas: Mapping[str, Areas], stream: Stream
    ) -> None:
        self.signals = signals
        self.areas = areas
        self.stream = stream


def compile_signals(
    declared: RuleDeclaration,
    table: PlaceTable | None,
    members: PlaceTable | None,
    areas: AreaTables,
    fail: Fail,
) -> SignalSet:
    """Return the signals of a rule, each a field of the stream that they make.

    Args:
        declared: the rule as written.
        table: the places that its keys are; None: its keys are no places.
        members: the table that says which key a subject belongs to; None: there is none.
        areas: tables of areas.
        fail: makes the error for a path below the rule.

    Raises:
        Exception: what ``fail`` makes.
    """
    if len(declared.signals) > _MOST_SIGNALS:
        raise fail(("signals",), f"expected at most {_MOST_SIGNALS} signals; split the rule")
    signals: list[Signal] = []
    fields: dict[str, ProfileField] = {}
    for name, one in declared.signals.items():
        if _NAME.fullmatch(name) is None:
            raise fail(("signals", name), f"{name[:40]!r}: expected a name of a-z, 0-9 and '_'")
        compiler = _SignalCompiler(name, one, table, areas, fail)
        signal, fields[name] = compiler.compile()
        for key in declared.key:
            area = None if signal.inside is None else areas.table(signal.inside).key
            if key != area and not _known(key, signal, table, members):
                raise fail(
                    ("signals", name),
                    f"nothing says which {key[:40]!r} its members belong to; add 'near' and a table "
                    "of places in 'for_each', 'inside' a table of areas with this key, or a table in "
                    "'members' that has it as a column",
                )
        signals.append(signal)
    everywhere = STREAMS["signals"].keys
    keys = tuple(dict.fromkeys((*declared.key, *everywhere, MEMBER)))
    named = {one.inside: areas.table(one.inside) for one in signals if one.inside is not None}
    return SignalSet(tuple(signals), named, Stream(keys=keys, fields=fields, fresh_s=None))


def _known(key: str, signal: Signal, table: PlaceTable | None, members: PlaceTable | None) -> bool:
    """Whether a sample of a signal tells the value of a key name."""
    if signal.near_m is not None and table is not None and key == table.key:
        return True
    if members is not None and key in members.fields:
        return members.fields[key].kind == "text"
    return key == GRID or key in STREAMS[signal.stream].keys


class _SignalCompiler:
    def __init__(
        self,
        name: str,
        declared: SignalDeclaration,
        table: PlaceTable | None,
        areas: AreaTables,
        fail: Fail,
    ) -> None:
        self._name = name
        self._declared = declared
        self._table = table
        self._areas = areas
        self._fail_below = fail

    def _fail(self, where: Sequence[str | int], message: str) -> Exception:
        return self._fail_below(("signals", self._name, *where), message)

    def compile(self) -> tuple[Signal, ProfileField]:
        declared = self._declared
        profiles = None if declared.profile is None else (declared.profile,)
        stream_name = find_stream((), profiles, declared, self._fail)
        stream = STREAMS[stream_name]
        fields: FieldTable = (
            stream.fields if declared.profile is None else profile_fields(declared.profile)
        )
        if declared.take not in TAKES:
            known = ", ".join(TAKES)
            raise self._fail(("take",), f"{declared.take[:40]!r}: expected one of {known}")
        try:
            node = parse(declared.of)
            kind = "flag" if declared.take == "count" else "number"
            found = check(node, declared.of, fields, expected=kind)
        except ExpressionError as failure:
            raise self._fail(("of",), str(failure)) from failure
        reads = frozenset(field_names(node))
        if not reads:
            raise self._fail(("of",), "this reads no field; name one of those that are watched")
        unit = "count" if declared.take == "count" else found.unit
        signal = Signal(
            name=self._name,
            stream=stream_name,
            profile=declared.profile,
            kinds=compile_kinds((), declared, stream, self._fail),
            filters=compile_filters((), declared, stream, self._fail),
            node=node,
            fields=fields,
            reads=reads,
            near_m=self._near(),
            inside=self._inside(),
            take=declared.take,
            fresh_s=self._fresh(),
            fewest=declared.min_members,
        )
        return signal, ProfileField(name=self._name, unit=unit)

    def _near(self) -> float | None:
        text = self._declared.near
        if text is None:
            return None
        try:
            metres = parse_distance(text)
        except ValueError as failure:
            raise self._fail(("near",), str(failure)) from failure
        if self._table is None:
            raise self._fail(
                ("near",), "near what? name a table of places with lon and lat in 'for_each'"
            )
        if all(row.place is None for row in self._table.rows.values()):
            raise self._fail(
                ("near",), f"no row of table {self._table.name!r} has lon and lat; add them"
            )
        return metres

    def _inside(self) -> str | None:
        name = self._declared.inside
        if name is None:
            return None
        if self._declared.near is not None:
            raise self._fail(("inside",), "'near' and 'inside' both say which key; remove one")
        if name not in self._areas:
            known = ", ".join(self._areas.names) or "none"
            raise self._fail(
                ("inside",), f"table {name[:40]!r} is unknown; 'areas' here has {known}"
            )
        return name

    def _fresh(self) -> float:
        text, profile = self._declared.fresh, self._declared.profile
        if text is None:
            if profile is None:
                return _STREAM_FRESH_S
            return FRESH_CADENCES * PROFILES[profile].cadence_s
        try:
            fresh_s = parse_duration(text)
        except ValueError as failure:
            raise self._fail(("fresh",), str(failure)) from failure
        if fresh_s <= 0:
            raise self._fail(("fresh",), f"{text!r}: expected more than no time")
        return fresh_s
