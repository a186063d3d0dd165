"""Clocks: what time it is, as an argument, so that a day can be run in a minute."""

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Protocol

from msgspec import Meta, Struct

__all__ = ["Clock", "ClockConfig", "ManualClock", "ScaledClock", "SystemClock", "build_clock"]


class Clock(Protocol):
    """Tells the time and how long a span of it really takes."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        ...

    def wall_seconds(self, seconds: float) -> float:
        """Return how many real seconds pass while this clock moves on by ``seconds``."""
        ...


def _utc(moment: datetime, what: str) -> datetime:
    if moment.tzinfo is None:
        msg = f"{what} {moment.isoformat()} has no time zone; expected an aware moment, like ...Z"
        raise ValueError(msg)
    return moment.astimezone(UTC)


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)

    def wall_seconds(self, seconds: float) -> float:
        """Return ``seconds``, never below 0."""
        return max(0.0, seconds)


class ScaledClock:
    """A clock that shows ``epoch`` at the real moment ``origin`` and runs ``scale`` times as fast.

    Processes that are given the same three numbers show the same time.
    """

    def __init__(self, epoch: datetime, origin: datetime, scale: float) -> None:
        if not scale > 0.0:
            msg = f"clock scale {scale}: expected a number above 0 (60 runs a minute in a second)"
            raise ValueError(msg)
        self._epoch = _utc(epoch, "clock epoch")
        self._origin_s = _utc(origin, "clock origin").timestamp()
        self._scale = scale

    def now(self) -> datetime:
        """Return ``epoch + (real now - origin) * scale`` in UTC."""
        return self._epoch + timedelta(seconds=(time.time() - self._origin_s) * self._scale)

    def wall_seconds(self, seconds: float) -> float:
        """Return ``seconds / scale``, never below 0."""
        return max(0.0, seconds / self._scale)


class ManualClock:
    """A clock that moves only when told to; waiting for it takes no real time."""

    def __init__(self, start: datetime) -> None:
        self._now = _utc(start, "clock start")

    def now(self) -> datetime:
        """Return the moment it was last set to."""
        return self._now

    def wall_seconds(self, seconds: float) -> float:  # noqa: ARG002 - the port's signature
        """Return 0: nobody waits for a clock that is moved by hand."""
        return 0.0

    def advance(self, seconds: float) -> None:
        """Move on by ``seconds``; a negative number turns the clock back."""
        self._now += timedelta(seconds=seconds)

    def set(self, moment: datetime) -> None:
        """Move to ``moment``, which must be aware."""
        self._now = _utc(moment, "clock moment")


class ClockConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which clock a process runs on; every process of one run must be given the same values."""

    epoch: Annotated[datetime, Meta(tz=True)] | None = None
    """Moment that the clock shows at ``origin``; default: ``origin`` itself (the present)."""
    origin: Annotated[datetime, Meta(tz=True)] | None = None
    """Real moment at which the clock shows ``epoch``; default: the moment the process starts."""
    scale: Annotated[float, Meta(gt=0.0, le=86_400.0)] = 1.0
    """Clock seconds per real second; default 1."""


def build_clock(config: ClockConfig | None) -> Clock:
    """Return the clock that a configuration asks for: the machine's own unless it says otherwise."""
    if config is None or (config.scale == 1.0 and config.epoch is None):
        return SystemClock()
    origin = config.origin or datetime.now(UTC)
    return ScaledClock(config.epoch or origin, origin, config.scale)
