"""What people tell the engine: acknowledge, shelve and unshelve, mode 平急."""

from collections.abc import Iterator
from typing import Final

from msgspec import structs

from contracts.control import Control, ControlAction
from rules.breach import Breach
from rules.inhibition import LADDER, SHELF, Suppressed, untold
from rules.key_life import KeyLife
from rules.key_state import KeyState
from rules.rule_index import RuleIndex
from rules.standing import Shelf, Standing
from rules.statement import key_of

__all__ = ["SHELF_S", "ControlDesk"]

SHELF_S: Final = 86_400.0
"""A shelf without an end lasts a day: what nobody takes down again would be silent for ever."""

_UNSHELVED: Final = "no longer shelved"


class ControlDesk:
    """Carries out control messages on the states of an engine.

    Args:
        index: the rules with their states.
        life: moves states on.
        standing: what holds for all rules.
        counters: the engine's counters.
    """

    def __init__(
        self, index: RuleIndex, life: KeyLife, standing: Standing, counters: dict[str, int]
    ) -> None:
        self._index = index
        self._life = life
        self._standing = standing
        self._counters = counters

    def take(self, control: Control, now: float) -> tuple[list[KeyState], list[Breach]]:
        """Return the states that a control message changed, and what they say."""
        breaches: list[Breach] = []
        if control.action is ControlAction.MODE:
            return self._switch(control, now, breaches), breaches
        states = list(self._addressed(control))
        if not states:
            self._counters["unaddressed"] += 1
        if control.action is ControlAction.ACKNOWLEDGE:
            taken = [state for state in states if self._acknowledge(state, control)]
            latched = [state for state in taken if state.running.rule.operators.latch]
            self._restate(latched, now, "acknowledged", breaches)
            return taken, breaches
        changed: list[KeyState] = []
        for shelf in self._shelves(control, states, now):
            named = (shelf.rule, shelf.key)
            others = [one for one in self._standing.shelves if (one.rule, one.key) != named]
            if control.action is ControlAction.SHELVE and shelf.until > now:
                others.append(shelf)
            self._standing.shelves = tuple(others)
            if control.action is ControlAction.UNSHELVE:
                changed += self._lying_on(shelf)
        self._restate(changed, now, _UNSHELVED, breaches)
        return changed, breaches

    def shelved(self) -> list[Suppressed]:
        """Return what keys do not tell because somebody shelved them, in order."""
        found: dict[str, Suppressed] = {}
        for shelf in self._standing.shelves:
            for state in self._lying_on(shelf):
                held = untold(state, LADDER)
                if held is not None:
                    found[state.name] = Suppressed(
                        rule=state.running.rule.id,
                        key=key_of(state),
                        level=held[1],
                        since=held[0],
                        by=SHELF,
                        reason=shelf.reason,
                        shelved_by=shelf.by,
                        until=shelf.until,
                    )
        return [found[name] for name in sorted(found)]

    def clear_shelves(self, now: float, breaches: list[Breach]) -> list[KeyState]:
        """Let shelves end that end by ``now``; return the states that may have something to tell."""
        states = [
            state for shelf in self._standing.take_expired(now) for state in self._lying_on(shelf)
        ]
        self._restate(states, now, _UNSHELVED, breaches)
        return states

    def _switch(self, control: Control, now: float, breaches: list[Breach]) -> list[KeyState]:
        """Put another mode in force in the city or a part of it; calendars turn there at once."""
        if control.mode is None:
            return []
        before = structs.replace(self._standing)
        self._standing.switch(control.mode, control.district, control.grid)
        if (before.mode, before.scopes) == (self._standing.mode, self._standing.scopes):
            return []
        changed: list[KeyState] = []
        for running in self._index.running.values():
            for state in running.states.values() if running.modal else ():
                here = (state.operators().district, state.operators().grid)
                if before.mode_at(*here) is self._standing.mode_at(*here):
                    continue
                at = max(now - state.lag, state.last_at)
                self._life.turn(state, at, breaches, judges=True)
                self._life.marks.bar(state)
                changed.append(state)
        return changed

    def _addressed(self, control: Control) -> Iterator[KeyState]:
        """Yield the states that a control message is about."""
        if control.event_id is None and control.rule is None and not control.key:
            return
        named = Shelf(control.rule, control.key, 0.0)
        for state in self._lying_on(named):
            if control.event_id is None or control.event_id in _open_events(state):
                yield state

    def _lying_on(self, shelf: Shelf) -> Iterator[KeyState]:
        for rule_id, running in self._index.running.items():
            if shelf.rule is None or shelf.rule == rule_id:
                for state in running.states.values():
                    if not shelf.key or shelf.holds(rule_id, key_of(state)):
                        yield state

    def _acknowledge(self, state: KeyState, control: Control) -> bool:
        episode = state.episode
        if episode is None or not episode.open:
            return False
        if control.event_id is not None and control.event_id != episode.event_id:
            return False
        state.operators().acked = True
        return True

    def _shelves(self, control: Control, states: list[KeyState], now: float) -> list[Shelf]:
        """Return what is to be shelved: an event's rule and key, or what is named."""
        until = now + SHELF_S if control.until is None else control.until.timestamp()
        if control.event_id is not None:
            named = [(state.running.rule.id, key_of(state)) for state in states]
            return [Shelf(*one, until, control.reason, control.by) for one in named]
        if control.rule is None and not control.key:
            return []
        return [Shelf(control.rule, control.key, until, control.reason, control.by)]

    def _restate(
        self, states: list[KeyState], now: float, text: str, breaches: list[Breach]
    ) -> None:
        for state in states:
            at = max(now - state.lag, state.last_at)
            self._life.restate(state, at, breaches, text, tick=True)


def _open_events(state: KeyState) -> set[str]:
    found = {state.episode.event_id} if state.episode is not None and state.episode.open else set()
    absence = None if state.more is None else state.more.absence
    if absence is not None and absence.open:
        found.add(absence.event_id)
    return found
