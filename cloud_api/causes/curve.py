"""The curve around an event: from a gateway's telemetry, or from what the event's revisions said."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TypeGuard
from urllib.parse import quote

import httpx
import msgspec
import structlog
from msgspec import Struct

from cloud_api.causes.config import CurveConfig
from cloud_api.causes.sentence import bounds_of, fields_of
from cloud_api.causes.words import FieldNames
from contracts.event import Event
from contracts.levels import Level

__all__ = [
    "Curve",
    "GatewaySeries",
    "Point",
    "Step",
    "Threshold",
    "ask_gateway",
    "curve_of",
    "metric_of",
]

_POINTS = 600
"""Most values in a curve: about as many as a page has pixels for it."""
_AFTER = timedelta(minutes=10)
"""How much of the time after an event is shown. This project's choice."""
_log = structlog.get_logger(__name__)


class Point(Struct, frozen=True, kw_only=True):
    """One value, in the field's base unit."""

    at: datetime
    value: float


class Step(Struct, frozen=True, kw_only=True):
    """The numbers within one step of time."""

    at: datetime
    min: float
    mean: float
    max: float


class Threshold(Struct, frozen=True, kw_only=True):
    """A constant that the rule compares the field with; ``part`` is ``when`` (it begins) or ``clear``."""

    level: Level
    part: str
    value: float


class Curve(Struct, frozen=True, kw_only=True):
    """One field of one subject over time."""

    source: Literal["gateway", "revisions"]
    metric: str | None
    unit: str | None
    start: datetime
    end: datetime
    points: tuple[Point, ...] = ()
    steps: tuple[Step, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    why: str | None = None
    """Why it is not the gateway's; None where it is."""


class GatewaySeries(Struct):
    """What a gateway answers. Source: docs/telemetry.md."""

    metric: str
    metrics: tuple[str, ...] = ()
    unit: str | None = None
    values: tuple[tuple[datetime, float | bool | str], ...] = ()
    steps: tuple[Step, ...] = ()
    thresholds: tuple["_ToldThreshold", ...] = ()


class _ToldThreshold(Struct):
    rule: str
    level: Level
    part: str
    value: float


_TOLD = msgspec.json.Decoder(GatewaySeries)


def metric_of(event: Event, names: FieldNames) -> str | None:
    """Return the field that an event is about: one compared with a number and reported by sensors first."""
    numbers = [name for name, value in event.cause.values.items() if _is_number(value)]
    compared = [bound.field for bound in bounds_of(event.cause.expression)]
    order = dict.fromkeys((*compared, *fields_of(event.cause.expression), *numbers))
    known = [name for name in order if name in numbers] or [
        name for name in order if name in compared
    ]
    return next((name for name in known if names.reported(name)), known[0] if known else None)


def curve_of(
    revisions: Sequence[Event],
    names: FieldNames,
    config: CurveConfig | None,
    *,
    before: timedelta,
    now: datetime,
    transport: httpx.BaseTransport | None = None,
) -> Curve:
    """Return the curve around an event; the gateway's where it can be had, else the revisions' own.

    Args:
        revisions: every revision of the event, the lowest first; at least one.
        names: names and units of fields.
        config: where the gateway is; None where nobody has said.
        before: how much of the time before the onset is wanted.
        now: the moment: nothing after it is asked for.
        transport: httpx transport; None uses the network.
    """
    last = revisions[-1]
    metric = metric_of(last, names)
    start = last.onset_at - before
    end = max(min(now, (last.ended_at or last.at) + _AFTER), last.at)
    plain = _by_revisions(revisions, metric, names, start, end)
    if config is None:
        return msgspec.structs.replace(plain, why="no gateway is configured")
    if last.subject is None:
        return msgspec.structs.replace(plain, why="the event names no device")
    wanted = metric if metric is not None and names.reported(metric) else None
    try:
        told = ask_gateway(config, last.subject, wanted, start, end, transport)
    except (httpx.HTTPError, OSError, msgspec.MsgspecError) as error:
        _log.warning("curve_unavailable", subject=last.subject, reason=str(error)[:300])
        return msgspec.structs.replace(plain, why="the gateway did not tell")
    points = tuple(
        Point(at=at, value=float(value)) for at, value in told.values if not isinstance(value, str)
    )
    if not points and not told.steps:
        return msgspec.structs.replace(plain, why="the gateway has no values of this time")
    own = tuple(
        Threshold(level=each.level, part=each.part, value=each.value)
        for each in told.thresholds
        if each.rule == last.rule
    )
    return Curve(
        source="gateway",
        metric=told.metric,
        unit=told.unit,
        start=start,
        end=end,
        points=points,
        steps=told.steps,
        thresholds=own or plain.thresholds,
    )


def _by_revisions(
    revisions: Sequence[Event],
    metric: str | None,
    names: FieldNames,
    start: datetime,
    end: datetime,
) -> Curve:
    points = [
        Point(at=each.at, value=float(value))
        for each in revisions
        if metric is not None and _is_number(value := each.cause.values.get(metric))
    ]
    lines = {
        (each.level, "clear" if each.ended_at is not None else "when", bound.value)
        for each in revisions
        for bound in bounds_of(each.cause.expression)
        if bound.field == metric
    }
    order = list(Level)
    return Curve(
        source="revisions",
        metric=metric,
        unit=None if metric is None else names.unit(metric),
        start=start,
        end=end,
        points=tuple(points),
        thresholds=tuple(
            Threshold(level=level, part=part, value=value)
            for level, part, value in sorted(
                lines, key=lambda line: (order.index(line[0]), line[1:])
            )
        ),
    )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def ask_gateway(
    config: CurveConfig,
    device: str,
    metric: str | None,
    start: datetime,
    end: datetime,
    transport: httpx.BaseTransport | None = None,
) -> GatewaySeries:
    """Return what the gateway tells of one field of a device; its first one where None is named.

    Raises:
        httpx.HTTPError, OSError: it does not answer, or not with 200, or its key cannot be read.
        msgspec.MsgspecError: it answers in another form.
    """
    headers: Mapping[str, str] = {}
    if config.key_file is not None:
        key = Path(config.key_file).read_text(encoding="utf-8").strip()
        headers = {"Authorization": f"Bearer {key}"}
    parameters = {"from": start.isoformat(), "to": end.isoformat(), "points": str(_POINTS)}
    if metric is not None:
        parameters["metric"] = metric
    with httpx.Client(timeout=config.timeout_s, transport=transport) as client:
        answer = client.get(
            f"{config.url.rstrip('/')}/v1/devices/{quote(device, safe='')}/series",
            params=parameters,
            headers=headers,
        )
        answer.raise_for_status()
        return _TOLD.decode(answer.content)
