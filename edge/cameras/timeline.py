"""Presentation times that only grow, whatever the stream's own do."""

from typing import NamedTuple

__all__ = ["Placed", "Timeline"]

_NOMINAL_STEP_S = 0.04
"""Seconds between frames until two have been seen: 25 frames/s."""

_DISORDER_S = 1.0
"""A step back up to this is a frame out of order (B-frames over RTP), not a jump."""

_LEAST_STEP_S = 0.001
"""Frames that come out of order, or twice at one time, are set this far apart."""


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
        strange = not -_DISORDER_S <= advance_s <= self._max_gap_s
        jumped = self._restarted or (strange and not first_known)
        self._restarted = False
        if not (jumped or first_known) and advance_s <= 0.0:
            self._last_s += _LEAST_STEP_S
            return Placed(self._last_s, discontinuity=False)
        if jumped or first_known:
            self._offset_s = self._last_s + self._step_s - raw_s
        else:
            self._step_s = advance_s
        self._last_raw_s = raw_s
        # out-of-order frames before may have used up the moment
        self._last_s = max(raw_s + self._offset_s, self._last_s + _LEAST_STEP_S)
        return Placed(self._last_s, jumped)
