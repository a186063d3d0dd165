"""How many pass a line in a minute, either way 流量."""

from collections import deque

from edge.analytics.line_crossing import Direction

__all__ = ["FlowMeter"]

_LEAST_S = 10.0
"""Seconds of history below which a rate says nothing: one car in a second is not sixty a minute."""


class FlowMeter:
    """Crossings of one line a minute, over the last minute or as much of it as was seen.

    Args:
        window_s: seconds looked back.
    """

    def __init__(self, *, window_s: float = 60.0) -> None:
        self._window_s = window_s
        self._since_s: float | None = None
        self._crossed: deque[tuple[float, Direction]] = deque()

    def cross(self, direction: Direction, pts_s: float) -> None:
        """Note a crossing at a moment of presentation time."""
        self._crossed.append((pts_s, direction))

    def look(self, pts_s: float) -> None:
        """Note that the line was watched up to this moment."""
        if self._since_s is None:
            self._since_s = pts_s
        while self._crossed and self._crossed[0][0] < pts_s - self._window_s:
            self._crossed.popleft()

    def per_minute(self, direction: Direction, pts_s: float) -> float | None:
        """Return crossings a minute in one direction; None before ten seconds were watched."""
        self.look(pts_s)
        assert self._since_s is not None
        watched_s = min(pts_s - self._since_s, self._window_s)
        if watched_s < _LEAST_S - 1e-6:
            return None
        return 60.0 * sum(way is direction for _, way in self._crossed) / watched_s

    def clear(self) -> None:
        """Begin anew."""
        self._since_s = None
        self._crossed.clear()
