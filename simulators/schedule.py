"""When which sensor reports next."""

import heapq
from collections.abc import Sequence

from simulators.fleet import SimulatedSubject
from simulators.scenario import Scenario

__all__ = ["Schedule"]


class Schedule:
    """Hands out reports in order of their time, each once.

    Args:
        scenario: whose times they are.
        subjects: who reports.
        from_s: reports before this second of the scenario are left out.
        until_s: reports after it are left out; None: it never ends.
    """

    def __init__(
        self,
        scenario: Scenario,
        subjects: Sequence[SimulatedSubject],
        *,
        from_s: float = 0.0,
        until_s: float | None = None,
    ) -> None:
        self._scenario = scenario
        self._subjects = subjects
        self._until_s = until_s
        self._next: list[tuple[float, int, int]] = []
        for order, subject in enumerate(subjects):
            late_s = max(0.0, from_s - subject.phase_s)
            index = int(late_s // subject.cadence_s)
            while scenario.elapsed_s(subject, index) < from_s:
                index += 1
            self._push(order, index)
        heapq.heapify(self._next)

    def _push(self, order: int, index: int) -> None:
        at_s = self._scenario.elapsed_s(self._subjects[order], index)
        if self._until_s is None or at_s <= self._until_s:
            heapq.heappush(self._next, (at_s, order, index))

    @property
    def next_s(self) -> float | None:
        """Second of the scenario of the next report; None when there is none."""
        return self._next[0][0] if self._next else None

    def take_due(self, elapsed_s: float, limit: int) -> list[tuple[SimulatedSubject, int]]:
        """Return up to ``limit`` reports due by a second of the scenario, oldest first."""
        due: list[tuple[SimulatedSubject, int]] = []
        while self._next and self._next[0][0] <= elapsed_s and len(due) < limit:
            _, order, index = heapq.heappop(self._next)
            due.append((self._subjects[order], index))
            self._push(order, index + 1)
        return due
