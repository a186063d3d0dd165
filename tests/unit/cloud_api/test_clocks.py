"""One clock of a case: pauses, extensions, rungs."""

import hypothesis.strategies as st
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cloud_api.deadlines.calendar import HOUR_US, Hours, Limit, Unit, WorkCalendar
from cloud_api.deadlines.clocks import (
    CaseClock,
    Rung,
    climb,
    extend,
    finish,
    pause,
    resume,
    start,
    tighten,
)
from contracts.levels import Lamp

CALENDAR = WorkCalendar(Hours(), {}, 480)
LADDER = (
    Rung(share=0.75, lamp=Lamp.YELLOW, notice="remind"),
    Rung(share=1.0, lamp=Lamp.RED, notice="overdue", tier="community"),
    Rung(share=1.5, lamp=Lamp.RED, notice="escalate", tier="district"),
)
BEGIN_US = 1_780_000_000_000_000
units = st.sampled_from(Unit)
hours = st.integers(1, 40)


def _clock(unit: Unit, span_h: int) -> CaseClock:
    return start(
        "handle",
        Limit(unit, span_h * HOUR_US),
        BEGIN_US,
        ladder=LADDER,
        calendar=CALENDAR,
        source="test#0",
    )


class ClockLife(RuleBasedStateMachine):
    """A clock that is pushed about while time passes; the model counts working time by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.now_us = BEGIN_US
        self.used_us = 0
        self.happened: list[str] = []
        self.clock: CaseClock

    @initialize(unit=units, span_h=hours)
    def begin(self, unit: Unit, span_h: int) -> None:
        """A clock starts."""
        self.clock = _clock(unit, span_h)

    @rule(minutes=st.integers(0, 3 * 24 * 60))
    def pass_time(self, minutes: int) -> None:
        """Time passes, and the ticker looks in."""
        later = self.now_us + minutes * 60_000_000
        if self.clock.running:
            self.used_us += CALENDAR.elapsed(self.clock.unit, self.now_us, later)
        self.now_us = later
        while (climbed := climb(self.clock, self.now_us, LADDER, CALENDAR)) is not None:
            self.clock, rung = climbed
            self.happened.append(rung.notice)
            assert self.used_us >= round(rung.share * self.clock.span_us)

    @rule()
    def suspend(self) -> None:
        """The case is suspended."""
        self.clock = pause(self.clock, self.now_us, CALENDAR)
        assert self.clock.due_at_us is None

    @rule()
    def go_on(self) -> None:
        """The case goes on."""
        self.clock = resume(self.clock, self.now_us, LADDER, CALENDAR)

    @rule(by_h=hours)
    def grant_more(self, by_h: int) -> None:
        """Somebody extends the limit."""
        self.clock = extend(self.clock, by_h * HOUR_US, self.now_us, LADDER, CALENDAR)

    @invariant()
    def due_when_the_limit_is_used_up(self) -> None:
        """A running clock is due exactly when its working time has passed."""
        if self.clock.running and self.used_us < self.clock.span_us:
            due = self.clock.due_at_us
            assert due is not None
            left = CALENDAR.elapsed(self.clock.unit, self.now_us, due)
            assert left == self.clock.span_us - self.used_us

    @invariant()
    def the_lamp_shows_the_share(self) -> None:
        """Green below three quarters, yellow below the limit, red from then on."""
        if not self.clock.running:
            return
        share = [round(rung.share * self.clock.span_us) <= self.used_us for rung in LADDER]
        lamp = Lamp.RED if share[1] else Lamp.YELLOW if share[0] else Lamp.GREEN
        assert lamp is self.clock.lamp or self._ticker_has_not_looked()

    def _ticker_has_not_looked(self) -> bool:
        return climb(self.clock, self.now_us, LADDER, CALENDAR) is not None


TestClockLife = ClockLife.TestCase
TestClockLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@given(units, hours, st.lists(st.integers(0, 200), min_size=1, max_size=20))
def test_rungs_happen_once_however_often_one_looks(
    unit: Unit, span_h: int, looks: list[int]
) -> None:
    """A clock step back repeats nothing; a jump ahead leaves nothing out."""
    clock, happened = _clock(unit, span_h), []
    end_us = CALENDAR.add(unit, BEGIN_US, 2 * span_h * HOUR_US)
    for look in [*looks, -1]:
        now_us = end_us if look < 0 else BEGIN_US + look * HOUR_US
        while (climbed := climb(clock, now_us, LADDER, CALENDAR)) is not None:
            clock, rung = climbed
            happened.append(rung.notice)

    assert happened == ["remind", "overdue", "escalate"]


@given(units, hours, units, hours)
def test_another_limit_never_gives_more_time(
    unit: Unit, span_h: int, other: Unit, other_h: int
) -> None:
    """A level that rises brings a deadline nearer; one that falls leaves it."""
    clock = _clock(unit, span_h)

    tighter = tighten(clock, Limit(other, other_h * HOUR_US), LADDER, CALENDAR)

    assert clock.due_at_us is not None
    assert tighter.due_at_us is not None
    assert tighter.due_at_us <= clock.due_at_us


def test_what_is_finished_in_time_is_not_late() -> None:
    """A clock that ends before its deadline stays green and is never due."""
    done = finish(_clock(Unit.MINUTE, 1), BEGIN_US + HOUR_US, CALENDAR)

    assert (done.late, done.lamp, done.due_at_us, done.next_at_us) == (
        False,
        Lamp.GREEN,
        None,
        None,
    )


def test_what_is_finished_after_its_deadline_is_late_though_nobody_looked() -> None:
    """Lateness does not depend on the ticker."""
    done = finish(_clock(Unit.MINUTE, 1), BEGIN_US + HOUR_US + 1, CALENDAR)

    assert (done.late, done.lamp) == (True, Lamp.RED)
