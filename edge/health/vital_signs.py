"""Keeps the latest figures of a running box for whoever asks from another thread."""

import os
import resource
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from edge.health.figures import Figures, render

__all__ = ["Health", "VitalSigns", "process_gauges"]

_EVERY = timedelta(seconds=1.0)
_STALE_S = 60.0
"""Real seconds without a round of the loop after which the box does not count as well."""

Health = tuple[bool, dict[str, object]]
"""Whether the box is well, and what to say about it."""


def process_gauges() -> dict[str, float]:
    """Return resident memory (bytes) and processor time (seconds) of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return {
        "memory_bytes": float(pages * os.sysconf("SC_PAGE_SIZE")),
        "cpu_seconds_total": usage.ru_utime + usage.ru_stime,
    }


class VitalSigns:
    """Takes the figures once a second in the loop; reading them is thread-safe and costs it nothing.

    Args:
        gather: returns the figures; called in the loop's thread.
        seconds: a clock that only grows, in seconds.
    """

    def __init__(self, gather: Callable[[float], Figures], *, seconds: Callable[[], float]) -> None:
        self._gather = gather
        self._seconds = seconds
        self._due: datetime | None = None
        self._rounded_s: float | None = None
        self._longest_s = 0.0
        self._figures: Figures | None = None
        self.counters: dict[str, int] = {}

    def step(self, now: datetime) -> None:
        """Note that the loop went round, and take the figures where they are due."""
        moment = self._seconds()
        if self._rounded_s is not None:
            self._longest_s = max(self._longest_s, moment - self._rounded_s)
        self._rounded_s = moment
        if self._due is None or now >= self._due:
            self._due = now + _EVERY
            self._figures = self._gather(self._longest_s)
            self._longest_s = 0.0

    def close(self) -> None:
        """End; nothing is held."""

    def metrics(self) -> str:
        """Return the latest figures in the Prometheus text format. Thread-safe."""
        figures = self._figures
        return "" if figures is None else render(figures)

    def health(self) -> Health:
        """Return whether the loop goes round, and what of it is not well. Thread-safe."""
        figures, rounded_s = self._figures, self._rounded_s
        if figures is None or rounded_s is None:
            return False, {"state": "starting"}
        silent_s = self._seconds() - rounded_s
        down = sorted(camera for camera, up in figures.up.items() if not up)
        body: dict[str, object] = {
            "state": "up" if silent_s < _STALE_S else "stuck",
            "loop_silent_s": round(silent_s, 1),
            "hub_connected": bool(figures.gauges.get("hub_connected")),
            "cameras_down": down,
        }
        return silent_s < _STALE_S, body
