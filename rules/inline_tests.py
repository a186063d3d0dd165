"""Tests inside packs: what is declared becomes samples, times and expected statements."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from msgspec.structs import replace

from contracts.control import ControlAction, Mode
from contracts.levels import Level
from contracts.profiles import ProfileField
from rules.declaration import TestDeclaration
from rules.durations import parse_duration
from rules.expression.tree import Field
from rules.rule import PackTest, Rule
from rules.series import Point, parse_series
from rules.vocabulary import FieldTable, profile_fields

__all__ = ["END", "EXPECTED_WORDS", "PLACE_SERIES", "RESTART", "compile_tests"]

EXPECTED_WORDS = (*(level.value for level in Level), "clear", "absent", "present")
"""What a statement may be: a level that is now in force, the end; or that a key fell silent or is back."""

_START = datetime(2026, 1, 5, tzinfo=UTC)
"""Start of a test that names none: a Monday, midnight UTC."""
_LONGEST_S = 40 * 86_400.0

RESTART = "restart"
"""What happens to the gateway rather than to a rule: the engine goes on from its snapshots."""

PLACE_SERIES = ("lon", "lat", "accuracy_m")
"""Series of a rule with a spatial ``where`` that say where its subject is."""

END = "end"
"""The track or observation is over: a last sample with the values of the one before."""

_ACTIONS = (*(action.value for action in ControlAction), RESTART, END)
_MODES = tuple(mode.value for mode in Mode)

Fail = Callable[[Sequence[str | int], str], Exception]


def compile_tests(
    declared: Sequence[TestDeclaration],
    rule: Rule,
    *,
    keys: Sequence[str],
    gated: Sequence[str],
    fail: Callable[[tuple[str | int, ...], Sequence[str | int], str], Exception],
) -> list[PackTest]:
    """Return the tests of a rule, ready to run.

    Args:
        declared: the tests as written.
        rule: their rule, compiled.
        keys: the key names that a sample may have.
        gated: profiles that pass the rule's gates; empty where it has none.
        fail: makes the error for a test's path in the rule and a path below that.

    Raises:
        Exception: what ``fail`` makes.
    """
    found: list[PackTest] = []
    for index, one in enumerate(declared):
        derived = {let.name for let in rule.operators.lets}
        if rule.table is not None:
            derived |= rule.table.fields.keys()
        fields: FieldTable = {
            name: field for name, field in rule.fields.items() if name not in derived
        }
        profile = None
        if gated:
            able = (name for name in gated if one.series.keys() <= profile_fields(name).keys())
            profile = next(able, gated[0])
            fields = profile_fields(profile)
        below = partial(fail, ("tests", index))
        if rule.spatial:
            derived = {test.name for test in rule.spatial}
            fields = {name: field for name, field in fields.items() if name not in derived}
            fields |= {name: ProfileField(name=name) for name in PLACE_SERIES}
        if rule.signals:
            # a signal's members are told apart behind a slash: rain/gauge-2
            of = {name: name.partition("/")[0] for name in one.series}
            fields = {**fields, **{name: fields[of[name]] for name in of if of[name] in fields}}
        test = _test(one, index, rule=rule.id, fields=fields, keys=keys, fail=below)
        _check_places(test, rule, below)
        found.append(test if profile is None else replace(test, profile=profile))
    return found


def _test(
    declared: TestDeclaration,
    index: int,
    *,
    rule: str,
    fields: FieldTable,
    keys: Sequence[str],
    fail: Fail,
) -> PackTest:
    series: list[tuple[str, tuple[Point, ...]]] = []
    lasts_s = 0.0
    for name, text in declared.series.items():
        if name not in fields:
            known = ", ".join(fields)
            raise fail(("series", name), f"field {name[:40]!r} is unknown; expected one of {known}")
        try:
            points, length_s = parse_series(text, fields[name].kind)
        except ValueError as failure:
            raise fail(("series", name), str(failure)) from failure
        series.append((name, points))
        lasts_s = max(lasts_s, length_s)
    if not series:
        raise fail(("series",), "expected at least one field with its series")
    for name in declared.key:
        if name not in keys:
            raise fail(("key", name), f"{name[:40]!r} is no key; expected one of {', '.join(keys)}")
    if declared.until is not None:
        lasts_s = max(lasts_s, _duration("until", declared.until, fail))
    controls = sorted(_control(at, text, fail) for at, text in enumerate(declared.control))
    lasts_s = max(lasts_s, *(after for after, _, _ in controls), 0.0)
    if lasts_s > _LONGEST_S:
        raise fail((), f"lasts {lasts_s / 86_400:.0f} days; expected at most 40")
    return PackTest(
        rule=rule,
        name=declared.name or f"test {index + 1}",
        series=tuple(series),
        expect=tuple(_expected(at, text, fail) for at, text in enumerate(declared.expect)),
        start=_start(declared.start, fail),
        lasts_s=lasts_s,
        late_s=0.0 if declared.late is None else _duration("late", declared.late, fail),
        controls=tuple(controls),
        keys=tuple(sorted(declared.key.items())),
        places=tuple((name, (at[0], at[1])) for name, at in declared.places.items()),
    )


def _check_places(test: PackTest, rule: Rule, fail: Fail) -> None:
    """Refuse places of what is no member, or of members whose word is not a field."""
    signals = {signal.name: signal for signal in rule.signals}
    series = dict(test.series)
    for name, (lon, lat) in test.places:
        signal = signals.get(name.partition("/")[0])
        if signal is None or name not in series:
            known = ", ".join(one for one in series if one.partition("/")[0] in signals) or "none"
            raise fail(
                ("places", name), f"{name[:40]!r} is no member in 'series'; there are {known}"
            )
        if not isinstance(signal.node, Field):
            raise fail(
                ("places", name), f"signal {signal.name!r} is no plain field; leave its place out"
            )
        if abs(lon) > 180.0 or abs(lat) > 90.0:
            raise fail(("places", name), "expected [lon, lat] in degrees")


def _duration(name: str, text: str, fail: Fail) -> float:
    try:
        return parse_duration(text)
    except ValueError as failure:
        raise fail((name,), str(failure)) from failure


def _start(text: str | None, fail: Fail) -> float:
    if text is None:
        return _START.timestamp()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as failure:
        raise fail(("start",), f"{text[:40]!r}: expected 2026-07-01T22:00:00+08:00") from failure
    if moment.tzinfo is None:
        raise fail(("start",), f"{text[:40]!r} has no offset; expected 2026-07-01T22:00:00+08:00")
    return moment.timestamp()


def _control(index: int, text: str, fail: Fail) -> tuple[float, str, str | None]:
    what, _, when = text.partition("@")
    action, _, mode = what.partition(" ")
    if action not in _ACTIONS or (action == "mode") != (mode.partition(" ")[0] in _MODES):
        raise fail(
            ("control", index),
            f"{text[:40]!r}: expected acknowledge, shelve, unshelve, mode normal, mode emergency (and a "
            "district), "
            "restart or end, then @ and a duration",
        )
    try:
        return parse_duration(when), action, mode or None
    except ValueError as failure:
        raise fail(("control", index), f"{text[:40]!r}: {failure}") from failure


def _expected(index: int, text: str, fail: Fail) -> tuple[str, float | None]:
    word, _, when = text.partition("@")
    if word not in EXPECTED_WORDS:
        raise fail(
            ("expect", index),
            f"{text[:40]!r}: expected {', '.join(EXPECTED_WORDS)}, then @ and a duration or *: blue@60s",
        )
    if when == "*":
        return word, None
    try:
        return word, parse_duration(when)
    except ValueError as failure:
        raise fail(("expect", index), f"{text[:40]!r}: {failure}, or *") from failure
