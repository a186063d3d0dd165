"""Looks at less while the box is too hot, step by step and in the order that is declared."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from edge.attention.load_ladder import LoadLadder, Rung

__all__ = ["HeatGuard"]

_LOOK_EVERY = timedelta(seconds=5.0)
_RELIEF_C = 8.0
"""How far below the limit it must be to count as cooled down, so that it does not swing."""

_LOG = structlog.get_logger("edge.health")


class HeatGuard:
    """Pushes the box down the same ladder as too much load does: frames, then regions, then cameras of
    low priority. Observations that are found are sent whatever the heat.

    Args:
        ladder: the box's.
        temperature: tells degrees Celsius; None where nobody knows.
        limit_c: above it the box is too hot.
        after_s: seconds of that before each step down.
        recover_s: seconds of coolness before each step up.
    """  # noqa: D205 - one sentence that needs two lines

    def __init__(
        self,
        ladder: LoadLadder,
        temperature: Callable[[], float | None],
        *,
        limit_c: float,
        after_s: float,
        recover_s: float,
    ) -> None:
        self._ladder = ladder
        self._temperature = temperature
        self._limit_c = limit_c
        self._after = timedelta(seconds=after_s)
        self._recover = timedelta(seconds=recover_s)
        self._due: datetime | None = None
        self._hot_since: datetime | None = None
        self._cool_since: datetime | None = None
        self.celsius: float | None = None
        """Latest temperature of the hottest zone; None where nobody knows."""
        self.counters: dict[str, int] = {"heat_rung": 0, "heat_steps_down": 0, "heat_steps_up": 0}

    def step(self, now: datetime) -> None:
        """Look at the temperature, and take a step where one is due."""
        if self._due is not None and now < self._due:
            return
        self._due = now + _LOOK_EVERY
        self.celsius = self._temperature()
        if self.celsius is None:
            return
        if self.celsius > self._limit_c:
            self._cool_since = None
            self._hot_since = self._hot_since or now
            if now - self._hot_since >= self._after and self._ladder.floor < Rung.LOW_PRIORITY:
                self._hot_since = now
                self._move(1, "heat_steps_down")
            return
        self._hot_since = None
        if self.celsius > self._limit_c - _RELIEF_C:
            self._cool_since = None
            return
        self._cool_since = self._cool_since or now
        if now - self._cool_since >= self._recover and self._ladder.floor > Rung.FULL:
            self._cool_since = now
            self._move(-1, "heat_steps_up")

    def close(self) -> None:
        """End; nothing is held."""

    def _move(self, by: int, counter: str) -> None:
        self._ladder.floor = Rung(self._ladder.floor + by)
        self.counters["heat_rung"] = int(self._ladder.floor)
        self.counters[counter] += 1
        _LOG.warning(
            "heat_rung_changed", rung=self._ladder.floor.name.lower(), celsius=self.celsius
        )
