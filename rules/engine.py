"""The engine: samples and ticks in, breaches out; a function of what it is fed, and nothing else."""

import heapq
import math
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import structs

from contracts.control import Control
from rules.amending import amend_trails, strike
from rules.amendment import Amendment
from rules.breach import Breach
from rules.calm_keys import CalmKeys, calm_keys, touch_noted
from rules.control_desk import ControlDesk
from rules.engine_counters import COUNTERS
from rules.engine_digest import digest_of
from rules.errors import StateError
from rules.grouping import Groups
from rules.inhibition import Suppressed
from rules.judge import KeyValue, RunningRule
from rules.key_life import KeyLife
from rules.key_snapshot import encode_state
from rules.key_state import NEVER, KeyState
from rules.migration import find_heir, refusal
from rules.moments import FORGET_S, forgets_at, next_due
from rules.restoring import is_beside, restore_beside, restore_key
from rules.rewind import Rewind
from rules.rule import RulePack
from rules.rule_index import RuleIndex, Slot
from rules.sample import Sample
from rules.standing import STANDING_KEY, Standing
from rules.succession import change_rule, leave_rule
from rules.trails import begin_trails, hand_over_trails, trail_name
from rules.whereabouts import has_moved

__all__ = ["ALLOWED_AHEAD_S", "FORGET_S", "Engine"]

ALLOWED_AHEAD_S: Final = 300.0
"""A sample dated further than this after its arrival is judged at its arrival, and flagged."""


class Engine:
    """Runs packs over samples. Not thread-safe; time only ever comes in as an argument.

    ``counters`` counts what was not judged as usual, see :data:`rules.engine_counters.COUNTERS`.

    ``cadences`` are the seconds between two readings of subjects that have a cadence of their own; it
    is looked at whenever a silence is reckoned in cadences.
    """

    def __init__(
        self, packs: Sequence[RulePack], cadences: Mapping[str, float] | None = None
    ) -> None:
        self.counters: dict[str, int] = dict.fromkeys(COUNTERS, 0)
        self._cadences = cadences
        self._index = RuleIndex(packs, self.counters, cadences)
        self.refused: dict[str, str] = {}
        """Rules that the last :meth:`replace` could not hand their states over to, and why."""
        self._standing = Standing()
        self._standing_taken = self._standing.encode()
        self._life = KeyLife(self._standing, self.counters)
        self._life.inhibition = self._index.inhibition
        self._rewind = Rewind(self._life, self.counters)
        self._groups = Groups()
        self._groups.use(self._index.running)
        self._timers: list[tuple[float, str, KeyState]] = []
        self._touched: list[KeyState] = []
        self.noted: list[CalmKeys] = []  # for who calls their ``move``
        self._removed: set[str] = set()

    def apply(self, sample: Sample, now: float) -> list[Breach]:  # noqa: C901, PLR0912, PLR0915 - hot: calls cost more
        """Return what the rules find in a sample that arrived at ``now`` (seconds since 1970)."""
        at, keys, fields = sample.at, sample.keys, sample.fields
        ahead = at > now + ALLOWED_AHEAD_S
        if ahead:
            self.counters["ahead"] += 1
            at = now
        lag = now - at
        breaches: list[Breach] = []
        slot = self._index.slot(sample)
        if slot is None:
            if not self._index.correlator.watches(sample):
                self.counters["unwatched"] += 1
            slot = _NO_RULES
        elif slot.book is not None:
            slot.book.record(sample.subject, at, fields)
        for running in slot.rules:
            if running.filters and not running.accepts(keys):
                continue
            try:
                value = running.key_of(keys)
            except KeyError:
                self.counters["unkeyed"] += 1
                continue
            state = running.states.get(value)
            if state is None:
                state = self._begin(running, value, sample)
                if state is None:
                    continue
            if state.calm is not None:
                state.calm.release()
            if running.correlates:
                at = self._rewind.place(state, sample, at)
                lag = now - at
            elif running.owns_book and running.book is not None:
                running.book.hear(value, at, sample)
            if at < state.own_last_at:
                self._late(state, sample, at, now, breaches)
                continue
            silent = running.merges and running.silent_on(sample)
            if running.merges and not silent and running.book is not None:
                # before time moves the key on: a mark is what it was just after its last sample
                self._life.marks.take_often(state, at)
            if at >= state.quiet_until or (
                running.modal and has_moved(state, sample, self._standing)
            ):
                if state.past is not None and at < state.past.settled_at:
                    self._late(state, sample, at, now, breaches)
                    continue
                self._life.catch_up(state, sample, at, breaches)
                self._touch(state)
            if silent:
                continue
            mask = state.judge(state.merge(sample, at) if running.merges else fields)
            if mask != state.mask or sample.ended:
                if mask or not (running.starts_calm and state.is_new):
                    self._life.judged(state, sample, mask, breaches, at, lag)
                    self._touch(state)
                    self._schedule(state)
                    continue
                state.mask = 0
            state.own_last_at = at
            if state.own_lag != lag:  # equal ones stay one object
                state.own_lag = lag
            if state.keep:
                (state.story or state.begin_story()).sample = sample
            if not state.dirty:
                state.dirty = True
                self._touched.append(state)
        for said in self._index.correlator.correlate(sample, now, self.counters):
            breaches += self.apply(said, now)
        return self._gathered(breaches, now) if breaches else breaches

    def amend(self, sample: Sample, amendments: Sequence[Amendment], now: float) -> list[Breach]:
        """Return what the rules find in a late reading that changes what they may see of others.

        Args:
            sample: the late reading, as rules may see it.
            amendments: what they may see of readings of its subject after it, in order.
            now: its arrival.
        """
        changed = amend_trails(self._index, sample, amendments)
        breaches = self.apply(sample, now)
        for state, since in changed:
            self._late(state, since, since.at, now, breaches)
        return self._gathered(breaches, now) if breaches else breaches

    def take_back(self, sample: Sample, now: float) -> list[Breach]:
        """Return what the rules find where a sample that they were given is not so after all."""
        breaches: list[Breach] = []
        for state, struck in strike(self._index, sample):
            self._late(state, struck, struck.at, now, breaches)
        return self._gathered(breaches, now) if breaches else breaches

    def calm(self, sample: Sample) -> CalmKeys | None:
        """Return what spares :meth:`apply` the next readings of a subject, after one was applied."""
        if sample.stream != "readings" or self._index.correlator.watches(sample):
            return None
        slot = self._index.slot(sample)
        return None if slot is None else calm_keys(slot, sample, self._index)

    def note(
        self, calm: CalmKeys, at: float, fields: Mapping[str, float | bool | str], now: float
    ) -> bool:
        """Note a reading that changes nothing; where this is False, :meth:`apply` it instead.

        Args:
            calm: what :meth:`calm` returned after the subject's last reading that was applied.
            at: event time of this one.
            fields: its values.
            now: its arrival.
        """
        if calm.owner is not self._index or at > now + ALLOWED_AHEAD_S:
            return False
        return calm.note(at, fields, now - at, self.noted)

    def tick(self, now: float) -> list[Breach]:
        """Return what the passing of time alone brings about up to ``now``."""
        breaches: list[Breach] = []
        if self._index.listens:
            self._standing.tick(now)
        if self._standing.shelves:
            for state in self._desk().clear_shelves(now, breaches):
                self._touch(state)
                self._schedule(state)
        if self._life.inhibition:
            for state in self._life.let_speak(now, breaches):
                self._touch(state)
                self._schedule(state)
        timers = self._timers
        while timers and timers[0][0] <= now:
            due, _, state = heapq.heappop(timers)
            if due != state.due:
                continue
            state.due = NEVER
            self._life.expire(state, now, breaches)
            self._touch(state)
            if forgets_at(state) + state.lag <= now:
                self._remove(state)
            else:
                self._schedule(state, after=now)
        if self._groups.gathers:
            return [*self._gathered(breaches, now), *self._groups.tick(now)]
        return breaches

    def suppressed(self) -> list[Suppressed]:
        """Return what keys do not tell because another rule's event, or a shelf, keeps them quiet."""
        return [*self._index.inhibition.suppressed(), *self._desk().shelved()]

    def control(self, control: Control, now: float) -> list[Breach]:
        """Return what an instruction of people brings about at its arrival ``now``.

        Acknowledge and shelve name an event by ``event_id``, or a rule, or key values, or both; mode
        is for all rules. What names nothing that is there is counted as ``unaddressed``.
        """
        breaches: list[Breach] = []
        members = [] if control.event_id is None else self._groups.members_of(control.event_id)
        for one in [structs.replace(control, event_id=id_) for id_ in members] or [control]:
            states, said = self._desk().take(one, now)
            breaches += said
            for state in states:
                self._touch(state)
                self._schedule(state)
        return self._gathered(breaches, now)

    def take_dirty(self) -> dict[str, bytes | None]:
        """Return the key states that changed since the last call; None: the key is gone."""
        blobs: dict[str, bytes | None] = dict.fromkeys(self._removed)
        touch_noted(self.noted, self._touched)
        for state in self._touched:
            state.dirty = False
            if state.running.states.get(state.value) is state:
                blobs[state.name] = encode_state(state)
                book = state.running.book
                if book is None or state.value not in book.rows:
                    continue
                trail = trail_name(book, state.value)
                if blobs.get(trail) is None:  # several rules share one
                    blobs[trail] = book.encode(state.value)
        self._touched.clear()
        self._removed.clear()
        blobs |= self._groups.take_dirty()
        standing = self._standing.encode()
        if standing != self._standing_taken:
            blobs[STANDING_KEY] = self._standing_taken = standing
        return blobs

    def restore(self, blobs: Mapping[str, bytes]) -> None:
        """Take over key states from snapshots; those of unknown rules and unreadable ones are counted."""
        for name, blob in blobs.items():
            if name == STANDING_KEY:
                self._restore_standing(blob)
                continue
            if is_beside(name):
                if not restore_beside(self._index.books, self._groups, name, blob):
                    self.counters["bad_state"] += 1
                continue
            state = restore_key(self._index.running, name, blob)
            if state is None:
                self.counters["bad_state"] += 1
            elif state.due != NEVER:
                heapq.heappush(self._timers, (state.due, state.name, state))
        begin_trails(self._index.running.values())
        self._life.inhibition = self._index.inhibition
        self._life.inhibition.seed(self._index.running)
        self._groups.use(self._index.running)

    def replace(self, packs: Sequence[RulePack], now: float | None = None) -> list[Breach]:
        """Swap the packs; return the statements that this makes necessary.

        A rule with the same id and key names, or those that its ``migrate`` names, keeps its states,
        also in another version: event ids, revisions and pending delays go on, level by level; an
        episode whose level is no more goes to the one that holds now. All other states are dropped,
        ``refused`` says why where a rule is still there, and what was open ends. Both is dated
        ``now``, or to the key's last sample where no ``now`` is given.

        Raises:
            PackError: two packs declare the same rule; the packs in force stay.
        """
        older, books = self._index.running, self._index.books
        self._index = RuleIndex(packs, self.counters, self._cadences)
        self._removed.update(hand_over_trails(books, self._index.books))
        self._life.inhibition = self._index.inhibition
        self._life.inhibition.seed(older)
        breaches: list[Breach] = []
        self.refused = {}
        for rule_id, before in older.items():
            after = find_heir(before.rule, self._index.running)
            why = None if after is None else refusal(before.rule, after.rule)
            if why is not None and before.states:
                self.counters["refused"] += len(before.states)
                self.refused[rule_id] = why
            for state in list(before.states.values()):
                at = state.last_at if now is None else now
                if after is None or why is not None or not after.has_place(state.value):
                    leave_rule(self._life, state, at, breaches, why or "the rule is gone")
                    self._remove(state)
                    continue
                if after.rule.id != rule_id:
                    self._removed.add(state.name)
                change_rule(self._life, state, after, at, breaches)
                self._touch(state)
                self._schedule(state)
        begin_trails(self._index.running.values())
        latest = max((breach.at for breach in breaches), default=0.0)
        breaches = self._gathered(breaches, latest if now is None else now)
        self._groups.use(self._index.running)
        return breaches

    def digest(self) -> str:
        """Return a SHA-256 over all rule versions and key states, equal for equal states."""
        return digest_of(self._index, self._groups, self._standing)

    @property
    def key_count(self) -> int:
        """Number of key states held."""
        return sum(len(running.states) for running in self._index.running.values())

    def _begin(self, running: RunningRule, value: KeyValue, sample: Sample) -> KeyState | None:
        """Return a new key's state; None where the sample is nothing to the rule."""
        if running.silent_on(sample):
            return None
        if not running.has_place(value):
            self.counters["unplaced"] += 1
            return None
        state = running.states[value] = KeyState(running, value)
        return state

    def _gathered(self, breaches: list[Breach], now: float) -> list[Breach]:
        """Return statements as they are to be told, where rules speak for groups of keys."""
        if not self._groups.gathers:
            return breaches
        return self._groups.gather(breaches, self._index.running, now)

    def _desk(self) -> ControlDesk:
        return ControlDesk(self._index, self._life, self._standing, self.counters)

    def _late(
        self, state: KeyState, sample: Sample, at: float, now: float, breaches: list[Breach]
    ) -> None:
        """Judge a sample older than its key's last one, in its place where that is in reach."""
        reaches = self._rewind.reaches(state, sample, at)
        # what comes and goes is gone through anew, its end included
        passes = reaches and state.running.passes
        changed = not passes and self._life.late(state, sample, now, breaches)
        if reaches:
            self.counters["reordered"] += 1
            self._rewind.judge(state, sample, at, now, breaches)
            changed = True
        else:
            self.counters["late"] += 1
        if changed:
            self._touch(state)
            self._schedule(state)

    def _restore_standing(self, blob: bytes) -> None:
        try:
            self._standing = self._life.standing = Standing.decode(blob)
        except StateError:
            self.counters["bad_state"] += 1
            return
        self._standing_taken = blob

    def _touch(self, state: KeyState) -> None:
        if state.calm is not None:
            state.calm.look_again()
        if not state.dirty:
            state.dirty = True
            self._touched.append(state)

    def _remove(self, state: KeyState) -> None:
        state.running.states.pop(state.value, None)
        state.due = NEVER
        self._removed.add(state.name)
        running = state.running
        if running.passes and running.book is not None and running.book.rows.pop(state.value, None):
            self._removed.add(trail_name(running.book, state.value))

    def _schedule(self, state: KeyState, after: float = -math.inf) -> None:
        """Set the key's timer, unless an earlier one is set: that will look again."""
        due = next_due(state, self._standing, after)
        if due < state.due:
            state.due = due
            heapq.heappush(self._timers, (due, state.name, state))


_NO_RULES: Final = Slot(())
