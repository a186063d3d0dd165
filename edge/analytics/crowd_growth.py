"""When a place fills up 人群聚集: more and more people in a short time."""

from collections import deque
from dataclasses import dataclass
from statistics import median_low

__all__ = ["CrowdChange", "CrowdGrowth"]

_SMOOTHED_S = 3.0
"""Seconds over which a count is its median: a detector loses and finds people from frame to frame."""

_CALM = 0.8
"""Share of ``at_least`` below which a crowd is none any more: a count at the edge must not flutter."""


@dataclass(frozen=True, slots=True)
class CrowdChange:
    """A crowd began or ended to gather; times in seconds of presentation time."""

    began: bool
    since_s: float
    until_s: float
    count: int
    """How many there are."""


class CrowdGrowth:
    """Tells when so many people are in a zone, and so many times as many as a while ago.

    It began when the fewest of the last ``window_s`` were last counted; it ends when there are fewer
    than four fifths of ``at_least``. There is no upper limit to what is counted.

    Args:
        at_least: people.
        factor: how many times as many as the fewest within the window.
        window_s: seconds looked back.
    """

    def __init__(self, *, at_least: int, factor: float, window_s: float) -> None:
        self._at_least, self._factor, self._window_s = at_least, factor, window_s
        self._recent: deque[tuple[float, int]] = deque()
        self._course: deque[tuple[float, float]] = deque()
        self._since_s: float | None = None
        self._last: tuple[float, float] = (0.0, 0.0)

    def update(self, count: int, pts_s: float) -> list[CrowdChange]:
        """Return what changed.

        Args:
            count: how many are in the zone at this moment.
            pts_s: presentation time in seconds.
        """
        self._recent.append((pts_s, count))
        while self._recent[0][0] < pts_s - _SMOOTHED_S:
            self._recent.popleft()
        if pts_s - self._recent[0][0] < 0.5 * _SMOOTHED_S and self._since_s is None:
            # too little to tell a crowd from a detector that flickers
            return []
        present = float(median_low(found for _, found in self._recent))
        self._last = (pts_s, present)
        # what is left is what no later, smaller count hides: its first is the window's smallest
        while self._course and self._course[-1][1] >= present:
            self._course.pop()
        self._course.append((pts_s, present))
        while self._course[0][0] < pts_s - self._window_s:
            self._course.popleft()
        since_s, fewest = self._course[0]
        if self._since_s is not None:
            return self._end() if present < _CALM * self._at_least else []
        if present < self._at_least or present < self._factor * max(fewest, 1.0):
            return []
        self._since_s = since_s
        return [CrowdChange(True, since_s, pts_s, round(present))]

    def clear(self) -> list[CrowdChange]:
        """Forget what was; return that a crowd that gathered does so no longer."""
        self._recent.clear()
        self._course.clear()
        return self._end()

    def _end(self) -> list[CrowdChange]:
        since_s, self._since_s = self._since_s, None
        if since_s is None:
            return []
        until_s, present = self._last
        return [CrowdChange(False, since_s, until_s, round(present))]
