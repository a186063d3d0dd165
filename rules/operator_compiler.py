"""Operators: what is declared beside a ladder becomes checked."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from contracts.event import Title
from contracts.levels import Level, level_rank
from contracts.profiles import PROFILES
from rules.actions import Action
from rules.calendars import Calendar, Schedule
from rules.declaration import RuleDeclaration
from rules.durations import parse_duration
from rules.escalation import Escalation
from rules.group_compiler import compile_group
from rules.inhibition import WHEREABOUTS
from rules.operators import Operators
from rules.silence import Absence, NoData
from rules.titles import TitleTemplate, compile_title
from rules.watch_compiler import listed
from rules.windows import Let

__all__ = ["compile_operators"]

Fail = Callable[[Sequence[str | int], str], Exception]

_CADENCES = re.compile(r"([0-9]+(?:\.[0-9]+)?) cadences?")
_EVENT_TYPE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_SOONEST_REMINDER_S = 60.0
_NO_DATA = ("hold", "clear", "raise")


def compile_operators(
    declared: RuleDeclaration,
    *,
    stream: str,
    lowest: Level,
    lets: tuple[Let, ...],
    actions: tuple[Action, ...],
    calendars: Mapping[str, Calendar],
    fail: Fail,
) -> Operators:
    """Return the operators of a rule.

    Args:
        declared: the rule as written.
        stream: what it watches.
        lowest: level of the lowest step of its ladder.
        lets: its derived values.
        actions: its commands to devices.
        calendars: those of the pack, by name.
        fail: makes the error for a path below the rule.

    Raises:
        Exception: what ``fail`` makes.
    """
    compiler = _OperatorCompiler(declared, stream, fail)
    return Operators(
        no_data=compiler.no_data(lowest),
        absence=compiler.absence(),
        schedule=compiler.schedule(calendars),
        escalations=compiler.escalations(),
        lets=lets,
        actions=actions,
        latch=declared.latch,
        remind_s=compiler.remind_s(),
    )


class _OperatorCompiler:
    def __init__(self, declared: RuleDeclaration, stream: str, fail: Fail) -> None:
        self._declared = declared
        self._stream = stream
        self._fail = fail

    def no_data(self, lowest: Level) -> NoData | None:
        declared = self._declared.no_data
        if declared is None:
            return None
        after_s, cadences = self._silence("no_data", declared.after)
        if declared.do not in _NO_DATA:
            known = ", ".join(_NO_DATA)
            raise self._fail(("no_data", "do"), f"{declared.do[:40]!r}: expected one of {known}")
        raises = declared.do == "raise"
        if declared.level is not None and not raises:
            raise self._fail(("no_data", "level"), "only 'do: raise' has a level; remove it")
        return NoData(
            after_s=after_s,
            cadences=cadences,
            do=declared.do,
            level=(declared.level or lowest) if raises else None,
            text=f"no data for {declared.after}",
        )

    def absence(self) -> Absence | None:
        declared = self._declared.absence
        if declared is None:
            return None
        after_s, cadences = self._silence("absence", declared.after)
        if _EVENT_TYPE.fullmatch(declared.type) is None or len(declared.type) > 128:
            raise self._fail(
                ("absence", "type"),
                f"type {declared.type[:80]!r}: expected dotted lower case like device.offline",
            )
        title = declared.title or Title(zh=declared.type, en=declared.type)
        return Absence(
            after_s=after_s,
            cadences=cadences,
            level=declared.level,
            type=declared.type,
            title_zh=self._title("zh", title.zh),
            title_en=self._title("en", title.en),
            text=f"no data for {declared.after}",
            inhibit_by=tuple(declared.inhibit_by),
            group=compile_group(
                declared.group,
                (*self._declared.key, *WHEREABOUTS),
                partial(self._fail_in, ("absence", "group")),
            ),
        )

    def schedule(self, calendars: Mapping[str, Calendar]) -> Schedule | None:
        active = self._declared.active
        names = [active] if isinstance(active, str) else active
        for name in names:
            if name not in calendars:
                known = ", ".join(calendars) or "none"
                raise self._fail(
                    ("active",), f"calendar {name[:40]!r} is unknown; 'calendars' here has {known}"
                )
        if not names:
            return None
        return Schedule(tuple(calendars[name] for name in names), " or ".join(names))

    def escalations(self) -> tuple[Escalation, ...]:
        found: list[Escalation] = []
        for index, declared in enumerate(self._declared.escalate):
            if declared.unless not in {None, "acked"}:
                raise self._fail(
                    ("escalate", index, "unless"),
                    f"{str(declared.unless)[:40]!r}: expected acked, or nothing",
                )
            try:
                after_s = parse_duration(declared.after)
            except ValueError as failure:
                raise self._fail(("escalate", index, "after"), str(failure)) from failure
            last = found[-1] if found else None
            if last is not None and (
                after_s <= last.after_s or level_rank(declared.level) <= level_rank(last.level)
            ):
                raise self._fail(
                    ("escalate", index), "expected a later time and a graver level than before"
                )
            unless = "" if declared.unless is None else " unless acked"
            found.append(
                Escalation(
                    after_s=after_s,
                    level=declared.level,
                    unless_acked=declared.unless is not None,
                    text=f"open for {declared.after}{unless}",
                )
            )
        return tuple(found)

    def remind_s(self) -> float | None:
        text = self._declared.event.remind
        if text is None:
            return None
        try:
            remind_s = parse_duration(text)
        except ValueError as failure:
            raise self._fail(("event", "remind"), str(failure)) from failure
        if remind_s < _SOONEST_REMINDER_S:
            raise self._fail(("event", "remind"), f"{text!r}: expected at least one minute")
        return remind_s

    def _title(self, language: str, text: str) -> TitleTemplate:
        try:
            return compile_title(text, self._declared.key)
        except ValueError as failure:
            raise self._fail(("absence", "title", language), str(failure)) from failure

    def _fail_in(self, part: Sequence[str], where: Sequence[str | int], message: str) -> Exception:
        return self._fail((*part, *where), message)

    def _silence(self, part: str, after: str) -> tuple[float, float | None]:
        """Return the length of a silence in seconds, and in cadences where it is given so.

        Only sensors and counts can be silent.
        """
        if self._stream not in {"readings", "counts", "signals"}:
            raise self._fail(
                (part,),
                "only readings, counts and signals fall silent; other subjects come and go ('gap')",
            )
        watch = self._declared.watch
        profiles = () if watch is None or watch.profile is None else listed(watch.profile)
        cadences = _CADENCES.fullmatch(after)
        count = float(cadences.group(1)) if cadences is not None and profiles else None
        if count is not None:
            after_s = count * max(PROFILES[one].cadence_s for one in profiles)
        else:
            try:
                after_s = parse_duration(after)
            except ValueError as failure:
                hint = ", or cadences of a profile like 2.5 cadence"
                raise self._fail((part, "after"), f"{failure}{hint}") from failure
        if after_s <= 0:
            raise self._fail((part, "after"), f"{after!r}: expected more than no time")
        return after_s, count
