"""Running the tests that are written inside packs, each once as it is and once with restarts."""

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from contracts.control import Control, ControlAction, Mode
from contracts.envelope import Place
from contracts.event import EventPhase
from contracts.levels import Level
from contracts.readings import moment
from rules.breach import Breach
from rules.correlator import signal_profile
from rules.expression.tree import Field
from rules.inline_tests import END, PLACE_SERIES, RESTART
from rules.pack_bench import PackBench
from rules.rule import PackTest, Rule, RulePack
from rules.sample import Sample
from rules.signals import MEMBER, Signal

__all__ = ["TestResult", "run_pack_tests"]

_NAMES = {"district": "district-1", "site": "site-1", "box": "box-1", "camera": "camera-1"}
_SAME_S = 1e-3


class TestResult(Struct, frozen=True):
    """What came of one test: statements like ``blue@60s``, times after the test's start."""

    __test__: ClassVar[bool] = False

    rule: str
    name: str
    ok: bool
    expected: tuple[str, ...]
    found: tuple[str, ...]


def run_pack_tests(pack: RulePack) -> list[TestResult]:
    """Return the result of every test in a pack, in order.

    All rules of the pack run; a test looks at the statements of its own rule. Ticks come every
    second. Each test runs a second time with a restart from snapshots after every sample, and fails
    when that makes another statement.
    """
    rules = {rule.id: rule for rule in pack.rules}
    return [_result(pack, rules[test.rule], test) for test in pack.tests]


def _result(pack: RulePack, rule: Rule, test: PackTest) -> TestResult:
    expected = tuple(_shown(word, when) for word, when in test.expect)
    plain = _run(pack, rule, test, restarts=False)
    found = tuple(_shown(word, when) for word, when in plain)
    agreed = len(plain) == len(test.expect) and all(
        word == wanted and (when is None or abs(at - when) < _SAME_S)
        for (word, at), (wanted, when) in zip(plain, test.expect, strict=True)
    )
    if agreed and _run(pack, rule, test, restarts=True) != plain:
        return TestResult(test.rule, test.name, False, expected, (*found, "other after restarts"))
    return TestResult(test.rule, test.name, agreed, expected, found)


def _run(pack: RulePack, rule: Rule, test: PackTest, *, restarts: bool) -> list[tuple[str, float]]:
    """Return word and time of every statement of the tested rule."""
    bench = PackBench(pack)
    waiting, orders = _samples(rule, test), list(test.controls)
    begin, last = test.start + test.late_s, None
    end = math.ceil(begin + test.lasts_s)
    for second in range(math.floor(begin), end + 1):
        bench.tick(float(second))
        while orders and begin + orders[0][0] < second + 1:
            after, action, mode = orders.pop(0)
            if action == RESTART:
                bench.restart()
            elif action == END:
                if last is not None:
                    gone = replace(last, at=test.start + after, ended=True)
                    bench.feed(gone, begin + after)
            else:
                bench.control(_control(rule, action, mode, begin + after), begin + after)
        while waiting and waiting[-1].at + test.late_s < second + 1:
            last = waiting.pop()
            bench.feed(last, last.at + test.late_s)
            if restarts:
                bench.restart()
    return [
        (_word(breach), round(breach.at - test.start, 6))
        for breach in bench.found
        if breach.rule == rule.id
    ]


def _control(rule: Rule, action: str, mode: str | None, now: float) -> Control:
    return Control(
        id="test",
        action=ControlAction(action),
        at=moment(now),
        by="test",
        rule=rule.id,
        mode=None if mode is None else Mode(mode.partition(" ")[0]),
        district=None if mode is None else mode.partition(" ")[2] or None,
    )


def _samples(rule: Rule, test: PackTest) -> list[Sample]:
    """Return the samples of a test, the last one first."""
    moments: dict[float, list[dict[str, float | bool | str]]] = {}
    for name, points in test.series:
        place: dict[float, int] = {}
        for after, value in points:
            if value is None:
                continue
            # a field that is sent twice at one moment is in two samples
            index = place[after] = place.get(after, -1) + 1
            sent = moments.setdefault(after, [])
            sent += [{} for _ in range(index + 1 - len(sent))]
            sent[index][name] = value
    keys = {name: _NAMES.get(name, f"{name}-1") for name in ("subject", *_NAMES, *rule.key)}
    keys |= {name: min(wanted) for name, wanted in rule.filters}
    if rule.stream == "observations":
        keys["kind"] = rule.kinds[0] if rule.kinds else "zone_dwell"
    keys |= dict(test.keys)
    if rule.table is not None and rule.table.key in rule.key:
        keys.setdefault(rule.table.key, "")
        keys[rule.table.key] = dict(test.keys).get(rule.table.key, next(iter(rule.table.rows)))
    if rule.signals:
        return _said(rule, test, moments, keys)
    spoken = PLACE_SERIES if rule.spatial else ()
    # gates are fed with readings; what they find is the stream that their rule watches
    stream = rule.stream if test.profile is None else "readings"
    found = [
        Sample(
            stream=stream,
            profile=test.profile or next(iter(rule.profiles), None),
            subject=keys["subject"],
            at=test.start + after,
            keys=keys,
            fields={name: one for name, one in fields.items() if name not in spoken},
            place=_place(fields) if spoken else None,
        )
        for after in sorted(moments)
        for fields in moments[after]
    ]
    return found[::-1]


def _place(fields: Mapping[str, float | bool | str]) -> Place | None:
    """Return where a sample of a test is; None where it does not say."""
    lon, lat, accuracy_m = (fields.get(name) for name in PLACE_SERIES)
    if not isinstance(lon, float) or not isinstance(lat, float):
        return None
    return Place(lon=lon, lat=lat, accuracy_m=accuracy_m if isinstance(accuracy_m, float) else 0.0)


def _said(
    rule: Rule,
    test: PackTest,
    moments: Mapping[float, Sequence[Mapping[str, float | bool | str]]],
    keys: Mapping[str, str],
) -> list[Sample]:
    """Return what the members of a rule's signals say in a test, the last word first.

    A member with a place says it as its sensor or camera would; the others say it of the test's key.
    """
    found: list[Sample] = []
    signals, places = {one.name: one for one in rule.signals}, dict(test.places)
    for after in sorted(moments):
        for name, value in (pair for fields in moments[after] for pair in fields.items()):
            signal, _, member = name.partition("/")
            at = test.start + after
            if name in places:
                found.append(_placed(signals[signal], member or signal, value, at, places[name]))
                continue
            found.append(
                Sample(
                    stream=rule.stream,
                    profile=signal_profile(rule.id),
                    subject=member or signal,
                    at=at,
                    keys={**keys, MEMBER: member or signal},
                    fields={signal: value},
                )
            )
    return found[::-1]


def _placed(
    signal: Signal,
    member: str,
    value: float | bool | str,
    at: float,
    place: tuple[float, float],
) -> Sample:
    """Return what a member's sensor or camera reports from where it is."""
    assert isinstance(signal.node, Field)
    keys = {**_NAMES, "subject": member, "camera": member}
    keys |= {name: min(wanted) for name, wanted in signal.filters}
    if signal.kinds:
        keys["kind"] = signal.kinds[0]
    return Sample(
        stream=signal.stream,
        profile=signal.profile,
        subject=member,
        at=at,
        keys=keys,
        fields={signal.node.name: value},
        place=Place(lon=place[0], lat=place[1]),
    )


def _word(breach: Breach) -> str:
    if breach.part == "absence":
        return "present" if breach.phase is EventPhase.END else "absent"
    return "clear" if breach.phase is EventPhase.END else Level(breach.level).value


def _shown(word: str, when: float | None) -> str:
    return f"{word}@*" if when is None else f"{word}@{when:g}s"
