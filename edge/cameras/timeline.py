"""Presentation times that only grow, whatever the stream's own do."""

from typing import NamedTuple

__all__ = ["Placed", "Timeline"]

_NOMINAL_STEP_S = 0.04
"""Seconds between frames until two have been seen: 25 frames/s."""


class Placed(NamedTuple):
    """Where a frame lies: seconds from the first frame, and whether it continues the last."""

    pts_s: float
    discontinuity: bool


class Timeline:
    """Joins the pieces of a stream (loops, jumps of its clock) into one growing time.

    Args:
        max_gap_s: a step forward greater than this is a jump, not a slow camera. Default 10.
    """

    def __init__(self, *, max_gap_s: float = 10.0) -> None:
        self._max_gap_s = max_gap_s
        self._offset_s = 0.0
        self._last_raw_s: float | None = None
        self._last_s = 0.0
        self._step_s = _NOMINAL_STEP_S
        self._restarted = False
        self._guessed = False

    def restart(self) -> None:
        """Say that the stream begins anew: the next frame is a discontinuity."""
        self._restarted = self._last_raw_s is not None

    def place(self, raw_s: float | None) -> Placed:
        """Return where a frame with the stream's own time ``raw_s`` lies.

        Args:
            raw_s: seconds on the stream's clock; None where the stream does not say, which is
                taken for one step after the last frame; an RTSP stream begins with such frames.
        """
        guessed, self._guessed = self._guessed, raw_s is None
        if self._last_raw_s is None:
            first = raw_s if raw_s is not None else 0.0
            self._offset_s, self._last_raw_s = -first, first
            return Placed(0.0, discontinuity=False)
        raw_s = self._last_raw_s + self._step_s if raw_s is None else raw_s
        advance_s = raw_s - self._last_raw_s
        first_known = guessed and not self._guessed
        strange = not 0.0 <= advance_s <= self._max_gap_s
        jumped = self._restarted or (strange and not first_known)
        if jumped or first_known:
            self._offset_s = self._last_s + self._step_s - raw_s
        elif advance_s > 0.0:
            self._step_s = advance_s
        self._restarted = False
        self._last_raw_s, self._last_s = raw_s, raw_s + self._offset_s
        return Placed(self._last_s, jumped)
