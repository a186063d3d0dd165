"""Serves a scenario's sensors on wires, in the time of a scaled clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from runtime.clock import Clock
from runtime.process import StopFlag
from simulators.wires.board import Board
from simulators.wires.course import Course

__all__ = ["Wire", "WireService"]

_TURN_S = 0.05
"""Longest real time between two looks at the clock."""


class Wire(Protocol):
    """Something that shows the board to whoever asks, or tells it."""

    def start(self) -> None:
        """Begin."""
        ...

    def step(self) -> None:
        """Tell what is new."""
        ...

    def close(self) -> None:
        """End."""
        ...


class WireService:
    """Moves a board on with the scenario; the wires show it.

    Args:
        course: the scenario's sensors in time.
        board: where their measurements are shown.
        wires: what shows it.
        begins: the moment of the scenario's second 0.
    """

    def __init__(
        self, course: Course, board: Board, wires: Sequence[Wire], begins: datetime
    ) -> None:
        self.measured = 0
        """Measurements so far."""
        self._course = course
        self._board = board
        self._wires = wires
        self._begins = begins

    def start(self) -> None:
        """Open the wires.

        Raises:
            WireError: one of them cannot be had; none is left open.
        """
        for number, wire in enumerate(self._wires):
            try:
                wire.start()
            except Exception:
                for opened in self._wires[:number]:
                    opened.close()
                raise

    def step(self, now: datetime) -> bool:
        """Show what was measured up to now; return whether the scenario goes on."""
        elapsed_s = (now - self._begins).total_seconds()
        for one in self._course.take(elapsed_s):
            self._board.put(one.subject, self._begins + timedelta(seconds=one.at_s), one.values)
            self.measured += 1
        for wire in self._wires:
            wire.step()
        return elapsed_s < self._course.lasts_s

    def run(self, clock: Clock, stop: StopFlag, *, until: datetime | None = None) -> None:
        """Step until the scenario's end, a moment of the clock, or a signal."""
        while not stop:
            now = clock.now()
            if not self.step(now) or (until is not None and now >= until):
                return
            stop.wait(_TURN_S)

    def close(self) -> None:
        """Close the wires."""
        for wire in self._wires:
            wire.close()
