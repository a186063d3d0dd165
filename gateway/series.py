"""The curve behind an alarm: values of a device with their flags, thresholds and events."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from contracts.event import Event, EventPhase, Title
from contracts.levels import Level
from contracts.profiles import PROFILES
from contracts.readings import Value, moment
from gateway.ports import TelemetryQuery
from gateway.quality_marks import ALL_WELL, FLAG_SUFFIX
from rules.rule import Rule
from rules.thresholds import thresholds

__all__ = ["EventMark", "FlagMark", "Series", "SeriesStep", "ThresholdMark", "build_series"]

_STEPS_S = (1, 5, 10, 30, 60, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400, 604_800)
_MOST_FLAGS = 2_000


class SeriesStep(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers within one step."""

    at: datetime
    """Beginning of the step."""
    n: int
    min: float
    max: float
    mean: float


class FlagMark(msgspec.Struct, frozen=True, kw_only=True):
    """A value that is not all well: ``fail:spike``, ``suspect:rate``, ``out_of_range``."""

    at: datetime
    flag: str


class ThresholdMark(msgspec.Struct, frozen=True, kw_only=True):
    """A number that a rule compares the field with."""

    rule: str
    level: Level
    part: str
    """when or clear."""
    value: float


class EventMark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event about the device within the range."""

    event_id: str
    rule: str
    event_type: str
    title: Title
    level: Level
    """Highest level that it had."""
    phase: EventPhase
    onset_at: datetime
    ended_at: datetime | None = None


class Series(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One metric of one device over a range: values one by one, or steps."""

    device: str
    metric: str
    metrics: tuple[str, ...]
    """What else the device has reported."""
    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    profile: str | None = None
    unit: str | None = None
    step_s: int | None = None
    """Length of the steps; absent where values are given one by one."""
    values: tuple[tuple[datetime, Value], ...] = ()
    steps: tuple[SeriesStep, ...] = ()
    flags: tuple[FlagMark, ...] = ()
    thresholds: tuple[ThresholdMark, ...] = ()
    events: tuple[EventMark, ...] = ()


def pick_step(span_s: float, points: int) -> int:
    """Return the shortest handy step by which a range has at most ``points`` steps, seconds."""
    return next((step for step in _STEPS_S if span_s / step <= points), _STEPS_S[-1])


def build_series(
    query: TelemetryQuery,
    device: str,
    metric: str,
    *,
    from_us: int,
    to_us: int,
    points: int,
    step_s: int | None,
    profile: str | None,
    rules: Iterable[Rule],
    statements: Sequence[Event],
) -> Series:
    """Return the curve of a metric.

    Args:
        query: the telemetry store.
        device: the sensor.
        metric: its field.
        from_us: beginning, microseconds since 1970 UTC.
        to_us: end, not included.
        points: most values or steps wanted; values are given one by one where that many suffice.
        step_s: length of the steps; None: as short as ``points`` allows.
        profile: its device profile, where known.
        rules: the rules in force.
        statements: what events said about it, oldest first.

    Raises:
        TelemetryError: the store cannot be read.
    """
    known = PROFILES[profile].field(metric) if profile in PROFILES else None
    values = []
    if step_s is None:
        values = list(query.read(device, metric, from_us=from_us, to_us=to_us, limit=points + 1))
        if len(values) > points:
            step_s = pick_step((to_us - from_us) / 1e6, points)
    flags = [
        FlagMark(at=moment(p.at_us / 1e6), flag=str(p.value))
        for p in query.read(
            device, f"{metric}{FLAG_SUFFIX}", from_us=from_us, to_us=to_us, limit=_MOST_FLAGS
        )
        if p.value != ALL_WELL
    ]
    steps: tuple[SeriesStep, ...] = ()
    if step_s is not None:
        values = []
        steps = tuple(
            SeriesStep(at=moment(b.at_us / 1e6), n=b.n, min=b.minimum, max=b.maximum, mean=b.mean)
            for b in query.summarise(device, metric, from_us=from_us, to_us=to_us, step_s=step_s)
        )
    if known is not None and known.kind == "number":
        low = float("-inf") if known.minimum is None else known.minimum
        high = float("inf") if known.maximum is None else known.maximum
        outside = [
            moment(p.at_us / 1e6)
            for p in values
            if not isinstance(p.value, str) and not low <= p.value <= high
        ] + [step.at for step in steps if step.min < low or step.max > high]
        flags += [FlagMark(at=at, flag="out_of_range") for at in outside[:_MOST_FLAGS]]
    return Series(
        device=device,
        metric=metric,
        metrics=tuple(n for n in query.metrics(device) if not n.endswith(FLAG_SUFFIX)),
        start=moment(from_us / 1e6),
        end=moment(to_us / 1e6),
        profile=profile,
        unit=None if known is None else known.unit,
        step_s=step_s,
        values=tuple((moment(p.at_us / 1e6), p.value) for p in values),
        steps=steps,
        flags=tuple(sorted(flags, key=lambda mark: mark.at)),
        thresholds=tuple(_lines(rules, profile, metric, device)),
        events=_marks(statements, moment(from_us / 1e6), moment(to_us / 1e6)),
    )


def _lines(
    rules: Iterable[Rule], profile: str | None, metric: str, device: str
) -> list[ThresholdMark]:
    return [
        ThresholdMark(rule=rule.id, level=found.level, part=found.part, value=found.value)
        for rule in rules
        if profile in rule.profiles
        for found in thresholds(rule, metric, {"subject": device})
    ]


def _marks(statements: Sequence[Event], start: datetime, end: datetime) -> tuple[EventMark, ...]:
    """Return one mark per event that touches the range, in order of onset."""
    by_id: dict[str, list[Event]] = {}
    for statement in statements:
        by_id.setdefault(statement.event_id, []).append(statement)
    order = list(Level)
    marks: list[EventMark] = []
    for told in by_id.values():
        last = max(told, key=lambda statement: statement.rev)
        if last.onset_at < end and (last.ended_at is None or last.ended_at >= start):
            marks.append(
                EventMark(
                    event_id=last.event_id,
                    rule=last.rule,
                    event_type=last.event_type,
                    title=last.title,
                    level=max((statement.level for statement in told), key=order.index),
                    phase=last.phase,
                    onset_at=last.onset_at,
                    ended_at=last.ended_at,
                )
            )
    return tuple(sorted(marks, key=lambda mark: mark.onset_at))
