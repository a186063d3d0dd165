"""Which clocks of a case run, as its states, level and mode change; pure."""

from collections.abc import Iterator

import msgspec

from cloud_api.case_projection import Case
from cloud_api.deadlines import clocks as clockwork
from cloud_api.deadlines.clocks import CaseClock, Rung
from cloud_api.deadlines.policy import DeadlinePolicy, Timed
from cloud_api.evaluation.tally import Spans
from cloud_api.flow import Flow, State
from cloud_api.flow_choice import Flows
from contracts.control import Mode
from contracts.levels import level_rank

__all__ = ["Timekeeper"]

_STANDING = frozenset({State.SUSPENDED, State.MERGED})
_HANDLE, _FEED_BACK = "handle", "feed_back"


class Timekeeper:
    """Keeps a case's clocks in step with its log.

    Three kinds: ``response`` runs until somebody has seen the case or begins, ``resolve`` until it is
    handled (and again when the check finds it is not), and the present step has a clock named after it.
    All stand still while the case is suspended 挂账 or merged 并案, and end with the case.
    """

    def __init__(self, policy: DeadlinePolicy, flows: Flows) -> None:
        self.policy = policy
        self.spans = Spans(policy.utc_offset_minutes)
        self._flows = flows
        self._ranks: dict[str, dict[str, int]] = {}

    def follow(
        self, before: Case | None, after: Case, now_us: int, mode: Mode
    ) -> tuple[CaseClock, ...]:
        """Return the clocks of a case after something happened to it.

        Args:
            before: the case before; None when it was opened just now.
            after: the case after, still with the clocks from before.
            now_us: when, in microseconds since 1970 UTC.
            mode: 平急 of its district.
        """
        same = before is not None and (
            before.state is after.state
            and before.level is after.level
            and before.acknowledged_at_us == after.acknowledged_at_us
        )
        if same:
            return after.clocks
        clocks = {clock.name: clock for clock in after.clocks}
        flow, calendar = self._flows.of(after.flow), self.policy.calendar
        if after.state in _STANDING:
            return tuple(clockwork.pause(clock, now_us, calendar) for clock in after.clocks)
        if not flow.state(after.state).open:
            return tuple(clockwork.finish(clock, now_us, calendar) for clock in after.clocks)
        if before is not None and before.state in _STANDING:
            for name, clock in clocks.items():
                clocks[name] = clockwork.resume(clock, now_us, self.policy.ladder, calendar)
        if after.state is State.REOPENED and before is not None and before.state is not after.state:
            clocks = {}
        self._set(clocks, flow, after, now_us, mode)
        if before is not None and level_rank(after.level) > level_rank(before.level):
            self._tighten(clocks, after, mode)
        return tuple(clocks.values())

    def switch(self, case: Case, mode: Mode) -> tuple[CaseClock, ...]:
        """Return the clocks of a case after its district's mode changed; no deadline moves away."""
        clocks = {clock.name: clock for clock in case.clocks}
        self._tighten(clocks, case, mode)
        return tuple(clocks.values())

    def extend(
        self, case: Case, name: str, by_us: int, now_us: int
    ) -> tuple[CaseClock, ...] | None:
        """Return the clocks with one of them extended; None where no such clock is unfinished."""
        if not any(clock.name == name and clock.done_at_us is None for clock in case.clocks):
            return None
        return tuple(
            clockwork.extend(clock, by_us, now_us, self.policy.ladder, self.policy.calendar)
            if clock.name == name
            else clock
            for clock in case.clocks
        )

    def climb(
        self, case: Case, now_us: int
    ) -> Iterator[tuple[CaseClock, Rung, tuple[CaseClock, ...]]]:
        """Yield each rung that is due, oldest first, with the clock and all clocks after it."""
        clocks = {clock.name: clock for clock in case.clocks}
        while True:
            due = [
                clock
                for clock in clocks.values()
                if clock.next_at_us is not None and clock.next_at_us <= now_us
            ]
            if not due:
                return
            first = min(due, key=lambda clock: (clock.next_at_us or 0, clock.name))
            climbed = clockwork.climb(first, now_us, self.policy.ladder, self.policy.calendar)
            if climbed is None:  # the ladder has become shorter since: nothing more happens
                clocks[first.name] = msgspec.structs.replace(first, next_at_us=None)
                continue
            clocks[first.name] = climbed[0]
            yield first, climbed[1], tuple(clocks.values())

    def _set(
        self, clocks: dict[str, CaseClock], flow: Flow, case: Case, now_us: int, mode: Mode
    ) -> None:
        """Start what begins, end what is reached, run again what turns out not to be."""
        ranks = self._ranks_of(flow)
        step = flow.step(case.state).id
        rank = ranks[step]
        seen = case.acknowledged_at_us is not None or rank >= ranks[_HANDLE]
        handled = rank >= ranks[_FEED_BACK]
        self._overall(clocks, "response", case, now_us, mode, reached=seen)
        self._overall(clocks, "resolve", case, now_us, mode, reached=handled)
        for name, clock in list(clocks.items()):
            if name in ranks and name != step:
                clocks[name] = clockwork.finish(clock, now_us, self.policy.calendar)
        standing = clocks.get(step)
        if standing is None or standing.done_at_us is not None:
            clocks.pop(step, None)
            self._start(clocks, step, case, now_us, mode)

    def _overall(
        self,
        clocks: dict[str, CaseClock],
        name: str,
        case: Case,
        now_us: int,
        mode: Mode,
        *,
        reached: bool,
    ) -> None:
        clock = clocks.get(name)
        if clock is None:
            if not reached:
                self._start(clocks, name, case, now_us, mode)
        elif reached:
            clocks[name] = clockwork.finish(clock, now_us, self.policy.calendar)
        elif clock.done_at_us is not None and name == "resolve":
            clocks[name] = clockwork.unfinish(
                clock, now_us, self.policy.ladder, self.policy.calendar
            )

    def _start(
        self, clocks: dict[str, CaseClock], name: str, case: Case, now_us: int, mode: Mode
    ) -> None:
        found = self.policy.limit(name, _timed(case, mode))
        if found is not None:
            limit, source = found
            clocks[name] = clockwork.start(
                name,
                limit,
                now_us,
                ladder=self.policy.ladder,
                calendar=self.policy.calendar,
                source=source,
            )

    def _tighten(self, clocks: dict[str, CaseClock], case: Case, mode: Mode) -> None:
        for name, clock in clocks.items():
            found = self.policy.limit(name, _timed(case, mode))
            if found is not None:
                clocks[name] = clockwork.tighten(
                    clock, found[0], self.policy.ladder, self.policy.calendar
                )

    def _ranks_of(self, flow: Flow) -> dict[str, int]:
        ranks = self._ranks.get(flow.name)
        if ranks is None:
            ranks = {step.id: rank for rank, step in enumerate(flow.spec.steps)}
            self._ranks[flow.name] = ranks
        return ranks


def _timed(case: Case, mode: Mode) -> Timed:
    return Timed(case.event_type, case.class_code, case.level, mode)
