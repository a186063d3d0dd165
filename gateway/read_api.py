"""``GET /v1/devices/{id}/series``: the gateway's own small read API."""

import hmac
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

from contracts.errors import IdError
from contracts.event import Event
from contracts.ids import check_id
from contracts.profiles import PROFILES
from gateway.errors import StoreError, TelemetryError
from gateway.event_outbox import EventOutbox
from gateway.ports import TelemetryQuery
from gateway.quality_marks import FLAG_SUFFIX
from gateway.registry import Registry
from gateway.rule_packs import PackSource, compile_packs
from gateway.series import build_series
from rules.rule import Rule

__all__ = ["Answer", "ReadApi"]

_DAY = timedelta(days=1)
_DEFAULT_POINTS, _MOST_POINTS = 500, 20_000
_LONGEST = timedelta(days=3_660)
_MOST_STEPS = 20_000
_EVENT = msgspec.json.Decoder(Event)


class Answer(NamedTuple):
    """What is sent back."""

    status: HTTPStatus
    media_type: str
    body: bytes


class _Problem(Exception):
    """A request that is not answered; RFC 9457."""

    def __init__(self, status: HTTPStatus, slug: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug


class _Asked(NamedTuple):
    metric: str | None
    from_us: int
    to_us: int
    points: int
    step_s: int | None


class ReadApi:
    """Answers requests below ``/v1``.

    Args:
        registry: what is known of devices.
        query: the telemetry store; None where there is none that can be read.
        outbox: tells the events about a device.
        packs: returns the rule packs in force.
        clock: what time it is, for the default range.
        host: address that is listened on.
        key_file: file with the key; None asks for none, which only a loopback address may.
    """

    def __init__(
        self,
        registry: Registry,
        query: TelemetryQuery | None,
        outbox: EventOutbox,
        packs: Callable[[], Sequence[PackSource]],
        clock: Callable[[], datetime],
        *,
        host: str,
        key_file: Path | None,
    ) -> None:
        self._registry = registry
        self._query = query
        self._outbox = outbox
        self._packs = packs
        self._clock = clock
        self._host = host
        self._key_file = key_file
        self._compiled: tuple[tuple[PackSource, ...], list[Rule]] = ((), [])

    def answer(self, target: str, authorization: str | None) -> Answer | None:
        """Return the answer to a GET, or None when the path is none of these.

        Args:
            target: path and query of the request.
            authorization: its ``Authorization`` header.
        """
        parts = urlsplit(target)
        levels = parts.path.strip("/").split("/")
        if levels[0] != "v1":
            return None
        try:
            self._authorize(authorization)
            device = _device(levels)
            asked = _asked(parse_qs(parts.query), self._clock())
            return Answer(HTTPStatus.OK, "application/json", self._series(device, asked))
        except _Problem as found:
            problem = found
        except (TelemetryError, StoreError) as error:
            problem = _Problem(HTTPStatus.SERVICE_UNAVAILABLE, "store-unavailable", str(error))
        return _told(problem, parts.path)

    def _authorize(self, authorization: str | None) -> None:
        if self._key_file is None:
            if not _is_loopback(self._host):
                raise _Problem(
                    HTTPStatus.FORBIDDEN,
                    "no-key-configured",
                    f"metrics.host {self._host} can be reached from elsewhere: set "
                    "metrics.api_key_file, or listen on 127.0.0.1",
                )
            return
        try:
            key = self._key_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise _Problem(
                HTTPStatus.SERVICE_UNAVAILABLE, "store-unavailable", f"API key file: {error}"
            ) from error
        given = (authorization or "").removeprefix("Bearer ").encode()
        if not key or not hmac.compare_digest(given, key.encode()):
            raise _Problem(
                HTTPStatus.UNAUTHORIZED,
                "unauthorized",
                "expected Authorization: Bearer and the key",
            )

    def _series(self, device: str, asked: _Asked) -> bytes:
        if self._query is None:
            raise _Problem(
                HTTPStatus.NOT_FOUND,
                "no-telemetry",
                "no telemetry store that can be read is configured; see telemetry.store",
            )
        try:
            check_id(device, "device")
        except IdError as error:
            raise _Problem(HTTPStatus.NOT_FOUND, "unknown-device", str(error)) from error
        known = self._registry.subjects.get(device)
        reported = self._query.metrics(device)
        if known is None and not reported:
            raise _Problem(
                HTTPStatus.NOT_FOUND,
                "unknown-device",
                f"device {device!r} was never heard of; see /devices",
            )
        profile = (known.profile if known is not None else None) or _likely_profile(reported)
        metric = asked.metric or _first_metric(profile, reported)
        series = build_series(
            self._query,
            device,
            metric,
            from_us=asked.from_us,
            to_us=asked.to_us,
            points=asked.points,
            step_s=asked.step_s,
            profile=profile,
            rules=self._rules(),
            statements=[_EVENT.decode(row.body) for row in self._outbox.about(device)],
        )
        return msgspec.json.encode(series)

    def _rules(self) -> list[Rule]:
        packs = tuple(self._packs())
        if packs != self._compiled[0]:
            self._compiled = packs, [rule for pack in compile_packs(packs) for rule in pack.rules]
        return self._compiled[1]


def _likely_profile(reported: Sequence[str]) -> str | None:
    """Return the only profile that has every field that was reported, or None.

    A box may name the profile in each reading and never in a birth; the registry knows only births.
    """
    names = {name.removesuffix(FLAG_SUFFIX) for name in reported}
    fitting = [
        profile.name
        for profile in PROFILES.values()
        if names and names <= {field.name for field in profile.fields}
    ]
    return fitting[0] if len(fitting) == 1 else None


def _first_metric(profile: str | None, reported: Sequence[str]) -> str:
    """Return the field that a device is there for."""
    if profile in PROFILES:
        return PROFILES[profile].fields[0].name
    return next((name for name in reported if not name.endswith(FLAG_SUFFIX)), "value")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _device(levels: Sequence[str]) -> str:
    """Return the device that a path is about.

    Raises:
        _Problem: the path is none of this API.
    """
    if len(levels) != 4 or levels[1] != "devices" or levels[3] != "series":
        raise _Problem(HTTPStatus.NOT_FOUND, "not-found", "expected /v1/devices/{id}/series")
    return levels[2]


def _asked(query: dict[str, list[str]], now: datetime) -> _Asked:
    """Return the parameters of a request.

    Raises:
        _Problem: one is unknown or malformed.
    """
    given = {name: values[-1] for name, values in query.items()}
    unknown = given.keys() - {"metric", "from", "to", "points", "step"}
    if unknown:
        raise _bad(min(unknown), "expected metric, from, to, points or step")
    end = _moment("to", given.get("to")) or now
    start = _moment("from", given.get("from")) or end - _DAY
    if not timedelta(0) < end - start <= _LONGEST:
        raise _bad("from", f"expected before `to` and at most {_LONGEST.days} days")
    points = _number("points", given.get("points"), _MOST_POINTS) or _DEFAULT_POINTS
    step_s = _number("step", given.get("step"), 604_800)
    if step_s is not None and (end - start).total_seconds() / step_s > _MOST_STEPS:
        raise _bad("step", f"expected at most {_MOST_STEPS} steps; ask for longer ones")
    return _Asked(
        given.get("metric"),
        round(start.timestamp() * 1_000_000),
        round(end.timestamp() * 1_000_000),
        points,
        step_s,
    )


def _moment(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        # a plus sign in a query means a space
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise _bad(name, "expected ISO 8601 with an offset, for example 2026-07-01T08:00:00Z")
    return at


def _number(name: str, text: str | None, most: int) -> int | None:
    if text is None or text == "auto":
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise _bad(name, f"expected a whole number from 1 to {most}")
    return int(text)


def _bad(name: str, expected: str) -> _Problem:
    return _Problem(HTTPStatus.BAD_REQUEST, "bad-parameter", f"{name}: {expected}")


def _told(problem: _Problem, path: str) -> Answer:
    body = {
        "type": f"urn:cityloop:problem:{problem.slug}",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": str(problem),
        "instance": path,
    }
    return Answer(problem.status, "application/problem+json", msgspec.json.encode(body))
