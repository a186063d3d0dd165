"""What happens to one key: samples and time bring turns, turns become statements."""

import math
from collections.abc import Iterable
from typing import Final

from contracts.levels import Level
from rules.breach import Breach
from rules.command import with_orders
from rules.expression.closure import UNKNOWN_SHIFT
from rules.inhibition import ABSENCE, LADDER, WHEREABOUTS, Inhibition
from rules.key_marks import KeyMarks
from rules.key_state import NEVER, KeyState
from rules.key_story import NOBODY
from rules.ladder import Change, finish, next_deadline, observe, settle
from rules.moments import fresh_until, is_judgeable, leaves_at, turns_at_of
from rules.pictures import with_pictures
from rules.pressing import press
from rules.sample import Sample
from rules.silence import absence_due, last_known_at, no_data_due, silence_s
from rules.standing import Standing
from rules.statement import (
    CLOCK_AHEAD,
    Turn,
    in_force,
    key_of,
    ladder_turn,
    state_absence,
    state_turn,
)
from rules.whereabouts import stand

__all__ = ["INACTIVE", "NO_DATA", "KeyLife"]

NO_DATA: Final = "no_data"
"""Flag of a cause that is silence."""

INACTIVE: Final = "inactive"
"""Flag of a cause that is the end of the rule's calendar."""

_TRUE_MASK: Final = (1 << UNKNOWN_SHIFT) - 1


class KeyLife:
    """Moves key states on; what they say is added to the list given as ``breaches``.

    Args:
        standing: what holds for all rules.
        counters: the engine's counters.
    """

    def __init__(self, standing: Standing, counters: dict[str, int]) -> None:
        self.standing = standing
        self.inhibition = Inhibition({})
        self.marks = KeyMarks()
        self._counters = counters

    def judged(
        self,
        state: KeyState,
        sample: Sample,
        mask: int,
        breaches: list[Breach],
        at: float,
        lag: float,
    ) -> None:
        """Take in a judgement that may change something."""
        running, held = state.running, state.ladder.held
        if mask > _TRUE_MASK:
            if running.silent_on(sample):
                return
            self._counters["unknown"] += 1
        # where samples are merged this one already is: marks are set before that
        mark = None if running.merges else self.marks.take(state)
        back = state.more is not None and self._take_note(state, mask)
        state.last_at, state.lag, state.sample, state.gone_at = at, lag, sample, None
        if running.follows_place and state.more is not None:
            state.more.whereabouts = {
                name: sample.keys[name] for name in WHEREABOUTS if name in sample.keys
            }
        # outside its calendar a rule finds nothing, whatever the conditions say
        judged = mask if state.more is None or state.more.active else 0
        state.ladder, changes = observe(
            running.delays, state.ladder, judged & _TRUE_MASK, judged >> UNKNOWN_SHIFT, at
        )
        flags = (CLOCK_AHEAD,) if at < sample.at else ()
        self._say_changes(state, changes, breaches, tick=False, flags=flags)
        if back:
            self.restate(state, at, breaches, "data again", tick=False)
        state.refresh()
        state.mask = mask if state.ladder.held == held and not running.shared else -1
        if running.shared and not sample.ended:
            state.members |= {_member(sample)}
        if sample.ended:
            self._depart(state, sample, breaches)
        if not state.keep:
            state.sample = None
        self.marks.keep(state, mark, at)

    def late(self, state: KeyState, sample: Sample, now: float, breaches: list[Breach]) -> bool:
        """Note what any sample says that is older than its key's last one; return if that is news.

        Whether or not it is still judged: that an observation is over counts, and so does that a
        sensor is there.
        """
        ends = sample.ended and _member(sample) in state.members
        if ends:
            self._depart(state, sample, breaches)
            self.marks.bar(state)
        more = state.more
        if more is None or state.running.silent_on(sample):
            return ends
        more.heard_at = now
        self.come_back(state, now, breaches)
        state.refresh()
        return True

    def catch_up(self, state: KeyState, sample: Sample, at: float, breaches: list[Breach]) -> None:
        """Let the delays end that ended before a sample at ``at``; make it be looked at."""
        mark = self.marks.take(state)
        if state.more is not None and not state.running.silent_on(sample):
            self.come_back(state, at, breaches)
        if state.running.remembers:
            if state.running.modal:
                stand(state, sample, self.standing)
            self._pass_turns(state, at, breaches)
        gone_at = leaves_at(state)
        until = min(math.nextafter(at, -math.inf), fresh_until(state))
        state.ladder, changes = settle(state.running.delays, state.ladder, until)
        self._say_changes(state, changes, breaches)
        if gone_at <= at:
            self.end(state, gone_at, breaches)
        state.refresh()
        state.mask = -1
        self.marks.keep(state, mark, at)

    def settle_by_clock(self, state: KeyState, now: float, breaches: list[Breach]) -> None:
        """Let the delays and calendars of a key go on to the tick ``now``."""
        lag, delays = state.lag, state.running.delays
        mark, settled_at = self.marks.take(state), -math.inf
        if state.running.remembers:
            settled_at = self._pass_turns(state, now, breaches, by_clock=True)
        while (deadline := next_deadline(delays, state.ladder)) + lag <= now:
            state.mask = -1
            if deadline > fresh_until(state):
                state.quiet_until = -math.inf
                break
            settled_at = max(deadline, settled_at)
            state.ladder, changes = settle(delays, state.ladder, deadline)
            self._say_changes(state, changes, breaches)
            state.refresh()
        self.marks.keep(state, mark, settled_at)
        if state.past is not None and settled_at > state.past.settled_at:
            state.past.settled_at = settled_at
            state.refresh()

    def expire(self, state: KeyState, now: float, breaches: list[Breach]) -> None:
        """Do what is due for a key by the tick ``now``."""
        self.settle_by_clock(state, now, breaches)
        self.leave_by_clock(state, now, breaches)
        if state.more is not None:
            self._fall_silent(state, now, breaches)
            press(self, state, now, breaches)
        if not state.keep:
            state.sample = None

    def leave_by_clock(self, state: KeyState, now: float, breaches: list[Breach]) -> None:
        """Let a subject go that stays away, by the tick ``now``."""
        gone_at = leaves_at(state)
        if gone_at + state.lag > now:
            return
        mark = self.marks.take(state)
        self.end(state, gone_at, breaches)
        self.marks.keep(state, mark, gone_at)
        if state.past is not None and gone_at > state.past.settled_at:
            state.past.settled_at = gone_at
            state.refresh()

    def end(self, state: KeyState, at: float, breaches: list[Breach], *, tick: bool = True) -> None:
        """End whatever a key has open or pending because its subject, or its rule, is gone."""
        ended_at = min(at, state.last_at if state.gone_at is None else state.gone_at)
        state.ladder, changes = finish(state.ladder, at, ended_at)
        self._say_changes(state, changes, breaches, tick=tick)
        state.gone_at, state.members, state.sample, state.mask = None, NOBODY, None, -1
        state.refresh()

    def _pass_turns(
        self, state: KeyState, at: float, breaches: list[Breach], *, by_clock: bool = False
    ) -> float:
        """Let a calendar turn as often as it does up to ``at``; return when it last did, in event time.

        By the clock ``at`` is an arrival time, and the last sample is judged by every turn; else it
        is that of a sample, which a turn at the same instant leaves the judgement to.
        """
        more, lag = state.operators(), state.lag if by_clock else 0.0
        turns_at, last = turns_at_of(more), -math.inf
        if turns_at == -math.inf or (fresh_until(state) < turns_at and not state.live):
            # nothing can be found in the turns that were missed
            if turns_at + lag <= at:
                last = max(at - lag, turns_at)
                self.turn(state, last, breaches, judges=False)
            return last
        while turns_at + lag <= at:
            until = min(math.nextafter(turns_at, -math.inf), fresh_until(state))
            state.ladder, changes = settle(state.running.delays, state.ladder, until)
            self._say_changes(state, changes, breaches)
            self.turn(state, turns_at, breaches, judges=by_clock or turns_at < at)
            turns_at, last = turns_at_of(more), turns_at
        return last

    def turn(self, state: KeyState, at: float, breaches: list[Breach], *, judges: bool) -> None:
        """Ask a rule's calendar anew: when it closes the event ends, when it opens ``for`` begins."""
        schedule, more = state.running.rule.operators.schedule, state.operators()
        if schedule is None:
            more.active, more.turns_at = True, NEVER
            return
        before = more.active
        mode = self.standing.mode_at(more.district, more.grid)
        more.active, more.turns_at = state.running.window(at, mode)
        if before and not more.active:
            state.ladder, _ = finish(state.ladder, at, at)
            turn = Turn(at, at, None, f"not {schedule.text}", (), (INACTIVE,))
            self.say(state, turn, breaches, tick=True)
            more.silent = False
        elif more.active and not before and judges and is_judgeable(state, at):
            mask = state.judge(state.values())
            state.ladder, changes = observe(
                state.running.delays, state.ladder, mask & _TRUE_MASK, mask >> UNKNOWN_SHIFT, at
            )
            self._say_changes(state, changes, breaches)
        state.mask = -1
        state.refresh()

    def _take_note(self, state: KeyState, mask: int) -> bool:
        """Note whether a sample said anything; return whether it is the first after a silence."""
        more = state.operators()
        # of several signals some are often unknown; as long as one is known somebody is there
        dark = not state.fields if state.running.correlates else mask > _TRUE_MASK
        if dark:
            if more.dark_since is None and state.last_at > -math.inf:
                more.dark_since = state.last_at
            return False
        more.dark_since = None
        back, more.silent = more.silent, False
        return back

    def _fall_silent(self, state: KeyState, now: float, breaches: list[Breach]) -> None:
        """Carry out ``no_data`` and ``absence`` where they are due by ``now``."""
        more, rule, standing = state.operators(), state.running.rule, self.standing
        if rule.operators.no_data is not None and (
            no_data_due(state, standing.resumed_at(silence_s(rule.operators.no_data, state))) <= now
        ):
            known_at = last_known_at(state)
            at = known_at + silence_s(rule.operators.no_data, state)
            text = rule.operators.no_data.text
            more.silent = True
            if rule.operators.no_data.do == "clear":
                state.ladder, _ = finish(state.ladder, at, known_at)
            level = in_force(state, _held(state))
            self.say(state, Turn(at, known_at, level, text, (), (NO_DATA,)), breaches, tick=True)
            state.mask = -1
            self.marks.bar(state)
        if (
            rule.operators.absence is not None
            and absence_due(state, standing.resumed_at(silence_s(rule.operators.absence, state)))
            <= now
            and self.inhibition.keeps_quiet(state, ABSENCE) is None
        ):
            at = state.last_at + silence_s(rule.operators.absence, state)
            turn = Turn(
                at,
                state.last_at,
                rule.operators.absence.level,
                rule.operators.absence.text,
                (),
                (NO_DATA,),
            )
            breaches.append(state_absence(state, rule.operators.absence, turn, tick=True))
            self.inhibition.follow(state)
        state.refresh()

    def come_back(self, state: KeyState, at: float, breaches: list[Breach]) -> None:
        """End a key's absence."""
        more, absence = state.more, state.running.rule.operators.absence
        if absence is None or more is None or more.absence is None or not more.absence.open:
            return
        turn = Turn(at, at, None, "data again")
        breaches.append(state_absence(state, absence, turn, tick=False))
        self.inhibition.follow(state)

    def _depart(self, state: KeyState, sample: Sample, breaches: list[Breach]) -> None:
        """Let a subject go: the key ends, or its gap begins, when it was the last one."""
        state.members = (state.members - {_member(sample)}) or NOBODY
        if state.members:
            return
        if not state.live:
            state.sample, state.mask = None, -1
            return
        if state.running.rule.gap_s > 0.0:
            state.gone_at = state.last_at
            state.refresh()
        else:
            self.end(state, state.last_at, breaches, tick=False)

    def restate(
        self, state: KeyState, at: float, breaches: list[Breach], text: str, *, tick: bool
    ) -> None:
        """Say which level is in force, where it is another than was said last."""
        level = in_force(state, _held(state))
        self.say(state, Turn(at, at, level, text), breaches, tick=tick)

    def _say_changes(
        self,
        state: KeyState,
        changes: Iterable[Change],
        breaches: list[Breach],
        *,
        tick: bool = True,
        flags: tuple[str, ...] = (),
    ) -> None:
        for change in changes:
            self.say(state, ladder_turn(state, change, flags), breaches, tick=tick)

    def say(
        self,
        state: KeyState,
        turn: Turn,
        breaches: list[Breach],
        *,
        tick: bool,
        again: bool = False,
    ) -> None:
        """Make the statement that a turn amounts to, if any; ``again``: although it says nothing new."""
        if self.marks.drafts is not None:
            self.marks.drafts.take(state, turn, tick=tick)
            return
        muted = self.muted(state)
        breach = state_turn(state, turn, tick=tick, muted=muted, again=again)
        if breach is not None:
            breach = with_pictures(state, breach)
            breaches.append(with_orders(state, breach, self._counters))
            self.inhibition.follow(state)

    def let_speak(self, now: float, breaches: list[Breach]) -> list[KeyState]:
        """Let keys speak that nothing keeps quiet any more by the tick ``now``; return them."""
        released = self.inhibition.take_released()
        for state, part in released:
            if part == ABSENCE:
                # who explained the silence is back: the key has its time once more
                state.operators().heard_at = now
            else:
                at = max(now - state.lag, state.last_at)
                self.restate(state, at, breaches, "no longer inhibited", tick=True)
        return [state for state, _ in released]

    def muted(self, state: KeyState) -> bool:
        """Whether a key is shelved, or kept quiet by the event of another rule."""
        standing = self.standing
        if standing.shelves and standing.shelved(state.running.rule.id, key_of(state)):
            return True
        return bool(self.inhibition) and self.inhibition.keeps_quiet(state, LADDER) is not None


def _held(state: KeyState) -> Level | None:
    held = state.ladder.held.bit_length() - 1
    return state.running.rule.steps[held].level if held >= 0 else None


def _member(sample: Sample) -> str:
    return sample.keys.get("observation", sample.subject)
