"""How often cameras are looked at while something moves, so that the inference workers keep up.

The ladder of load (:mod:`edge.attention.load_ladder`) is for a box that is in trouble. This comes before
it and is gentle: when answers begin to take long, every camera is looked at a little less often, and more
often again when they do not. Twenty looks a second find nothing that ten do not; an answer that is a
second late is late for whoever waits for it.
"""

__all__ = ["LookPace"]

_DOWN, _UP = 0.8, 1.1
"""Factors of one step. Source: additive-increase, multiplicative-decrease schemes; both multiply here,
since twice as many cameras want half the rate."""

_TELLING_FPS = 10.0
"""Looks a second from which a limit tells at all. Source: what cameras are mostly read at."""


class LookPace:
    """Finds the rate by how long answers take; for one thread.

    Args:
        slow_s: mean real seconds from a question to its answer above which the rate falls. Default
            0.06: a camera that waits for one answer asks next when it has come, so that its observations
            take about twice as long, and a burst of questions comes on top; with 0.09 two cores and 24
            cameras were late before the rate fell.
        quick_s: mean below which it rises. Default 0.03.
        least_fps: least looks a second. Default 6: of 39 episodes of the benchmark's films six looks a
            second tell 39, five 36 or 37 and four 35.
        most_fps: rate from which there is no limit. Default 30.
        every_s: seconds between two steps. Default 0.5.
    """

    def __init__(
        self,
        *,
        slow_s: float = 0.06,
        quick_s: float = 0.03,
        least_fps: float = 6.0,
        most_fps: float = 30.0,
        every_s: float = 0.5,
    ) -> None:
        self._slow_s, self._quick_s = slow_s, quick_s
        self._least_fps, self._most_fps = least_fps, most_fps
        self._every_s = every_s
        self._fps = most_fps
        self._stepped_s: float | None = None
        self._sum_s = 0.0
        self._answers = 0

    @property
    def fps(self) -> float | None:
        """Most looks a second and camera while something moves; None without a limit."""
        return None if self._fps >= self._most_fps else self._fps

    def answer(self, took_s: float) -> None:
        """Note an answer that took so many real seconds, from its question on."""
        self._answers += 1
        self._sum_s += took_s

    def step(self, now_s: float) -> None:
        """Change the rate when it is time to; ``now_s`` is a clock that only grows, in seconds."""
        if self._stepped_s is None:
            self._stepped_s = now_s
        if now_s - self._stepped_s < self._every_s:
            return
        mean_s = self._sum_s / self._answers if self._answers else 0.0
        self._stepped_s, self._answers, self._sum_s = now_s, 0, 0.0
        if mean_s > self._slow_s:
            # from the first slow answers on it tells: nobody looks thirty times a second
            self._fps = max(min(self._fps * _DOWN, _TELLING_FPS), self._least_fps)
        elif mean_s < self._quick_s:
            self._fps = min(self._fps * _UP, self._most_fps)
