"""One clock of a case: it runs, pauses, is extended, ends; all pure, over a working calendar.

A clock keeps in itself everything that follows from the past, so a case's log needs no table to
be read again: when it is due, what of the ladder has happened, and how much working time was spent.
"""

import msgspec
from msgspec import Struct

from cloud_api.deadlines.calendar import Limit, Unit, WorkCalendar
from contracts.levels import Lamp

__all__ = [
    "CaseClock",
    "Rung",
    "climb",
    "extend",
    "finish",
    "pause",
    "resume",
    "start",
    "tighten",
    "unfinish",
]


class Rung(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens when a share of a limit is used up."""

    share: float
    """Share of the limit, 1 being the deadline itself."""
    lamp: Lamp
    """Lamp from then on."""
    notice: str
    """What it is: remind, overdue, escalate."""
    tier: str | None = None
    """Whose supervision 督办 it becomes: community, street, district or city. Default nobody's."""


class CaseClock(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one deadline of a case stands; moments in microseconds since 1970 UTC.

    ``span_us`` and ``spent_us`` are working time in ``unit``; ``since_us`` is None while the clock is
    paused 挂账, ``done_at_us`` is when what it waits for happened.
    """

    name: str
    unit: Unit
    span_us: int
    started_at_us: int
    since_us: int | None
    due_at_us: int | None
    next_at_us: int | None
    source: str
    spent_us: int = 0
    passed: int = 0
    lamp: Lamp = Lamp.GREEN
    done_at_us: int | None = None
    late: bool = False

    @property
    def running(self) -> bool:
        """Whether it counts now."""
        return self.since_us is not None and self.done_at_us is None


def _due(clock: CaseClock, ladder: tuple[Rung, ...], calendar: WorkCalendar) -> CaseClock:
    """Return the clock with the moments that follow from what has been spent."""
    if clock.since_us is None or clock.done_at_us is not None:
        return msgspec.structs.replace(clock, due_at_us=None, next_at_us=None)
    since = clock.since_us

    def at(share: float) -> int:
        left = round(clock.span_us * share) - clock.spent_us
        # What is used up already has happened by now, but not before the clock ran again.
        return calendar.add(clock.unit, since, left) if left > 0 else since

    following = ladder[clock.passed :]
    return msgspec.structs.replace(
        clock, due_at_us=at(1.0), next_at_us=at(following[0].share) if following else None
    )


def start(
    name: str,
    limit: Limit,
    now_us: int,
    *,
    ladder: tuple[Rung, ...],
    calendar: WorkCalendar,
    source: str,
) -> CaseClock:
    """Return a clock that begins to run now."""
    clock = CaseClock(
        name=name,
        unit=limit.unit,
        span_us=limit.span_us,
        started_at_us=now_us,
        since_us=now_us,
        due_at_us=None,
        next_at_us=None,
        source=source,
    )
    return _due(clock, ladder, calendar)


def pause(clock: CaseClock, now_us: int, calendar: WorkCalendar) -> CaseClock:
    """Return the clock standing still; one that does not run stays as it is."""
    if not clock.running or clock.since_us is None:
        return clock
    spent = clock.spent_us + calendar.elapsed(clock.unit, clock.since_us, now_us)
    return msgspec.structs.replace(
        clock, spent_us=spent, since_us=None, due_at_us=None, next_at_us=None
    )


def resume(
    clock: CaseClock, now_us: int, ladder: tuple[Rung, ...], calendar: WorkCalendar
) -> CaseClock:
    """Return the clock running again with what it had left; one that runs stays as it is."""
    if clock.since_us is not None or clock.done_at_us is not None:
        return clock
    return _due(msgspec.structs.replace(clock, since_us=now_us), ladder, calendar)


def extend(
    clock: CaseClock,
    by_us: int,
    now_us: int,
    ladder: tuple[Rung, ...],
    calendar: WorkCalendar,
) -> CaseClock:
    """Return the clock with a longer limit; rungs that lie ahead again will happen again.

    ``by_us`` is working time in the clock's own unit, more than 0.
    """
    used_us = clock.spent_us
    if clock.since_us is not None:
        used_us += calendar.elapsed(clock.unit, clock.since_us, now_us)
    span_us = clock.span_us + by_us
    passed = sum(1 for rung in ladder[: clock.passed] if round(rung.share * span_us) <= used_us)
    longer = msgspec.structs.replace(
        clock,
        span_us=span_us,
        passed=passed,
        lamp=ladder[passed - 1].lamp if passed else Lamp.GREEN,
        late=any(rung.share >= 1.0 for rung in ladder[:passed]),
    )
    return _due(longer, ladder, calendar)


def tighten(
    clock: CaseClock, limit: Limit, ladder: tuple[Rung, ...], calendar: WorkCalendar
) -> CaseClock:
    """Return the clock with a limit of another level or mode, counted from its own start.

    The earlier deadline holds: a level that falls, or a longer limit, never gives more time.
    """
    if clock.done_at_us is not None or clock.since_us is None:
        return clock
    # Counted from the start; what was spent before a pause says nothing in another unit.
    paused_before = clock.since_us != clock.started_at_us
    spent = clock.spent_us if paused_before and clock.unit is limit.unit else 0
    other = _due(
        msgspec.structs.replace(clock, unit=limit.unit, span_us=limit.span_us, spent_us=spent),
        ladder,
        calendar,
    )
    if other.due_at_us is None or clock.due_at_us is None or other.due_at_us >= clock.due_at_us:
        return clock
    return other


def climb(
    clock: CaseClock, now_us: int, ladder: tuple[Rung, ...], calendar: WorkCalendar
) -> tuple[CaseClock, Rung] | None:
    """Return the clock one rung further and that rung, or None where nothing is due yet."""
    if clock.next_at_us is None or clock.next_at_us > now_us or clock.passed >= len(ladder):
        return None
    rung = ladder[clock.passed]
    moved = msgspec.structs.replace(
        clock, passed=clock.passed + 1, lamp=rung.lamp, late=clock.late or rung.share >= 1.0
    )
    return _due(moved, ladder, calendar), rung


def unfinish(
    clock: CaseClock, now_us: int, ladder: tuple[Rung, ...], calendar: WorkCalendar
) -> CaseClock:
    """Return an ended clock running again with what it had spent: the work was not done after all."""
    again = msgspec.structs.replace(clock, done_at_us=None, since_us=None)
    return resume(again, now_us, ladder, calendar)


def finish(clock: CaseClock, now_us: int, calendar: WorkCalendar) -> CaseClock:
    """Return the clock ended: what it waited for has happened; late if that was after the deadline."""
    if clock.done_at_us is not None:
        return clock
    late = clock.due_at_us is not None and now_us > clock.due_at_us
    spent = clock.spent_us
    if clock.since_us is not None:
        spent += calendar.elapsed(clock.unit, clock.since_us, now_us)
    return msgspec.structs.replace(
        clock,
        spent_us=spent,
        since_us=None,
        due_at_us=None,
        next_at_us=None,
        done_at_us=now_us,
        late=late,
        lamp=Lamp.RED if late else clock.lamp,
    )
