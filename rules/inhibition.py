"""Inhibition: while an event of one rule is open, others about the same thing keep quiet.

What a rule keeps quiet about is remembered in the key itself, as with a shelf: it is told when the
inhibition ends, if it is still true, with its own onset. What is open is read from the keys too, so
nothing here is in a snapshot: after a restart it is gathered anew.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from contracts.levels import Level
from rules.errors import PackError
from rules.judge import RunningRule
from rules.key_state import KeyState
from rules.statement import holding, key_of, names_of
from rules.vocabulary import STREAMS

__all__ = ["ABSENCE", "LADDER", "SHELF", "WHEREABOUTS", "Inhibition", "Suppressed", "untold"]

LADDER: Final = "ladder"
ABSENCE: Final = "absence"
SHELF: Final = "shelf"
"""Stands for the rule that keeps a key quiet where people do."""
WHEREABOUTS: Final = ("box", "site", "district")
"""What is remembered of a silent key besides its own names."""


class Suppressed(Struct, frozen=True, kw_only=True):
    """A key that is not telling something."""

    rule: str
    key: dict[str, str]
    level: Level
    """Level that would be told."""
    since: float
    """Its onset, in seconds since 1970 UTC."""
    by: str
    """Id of the rule whose open event keeps it quiet, or ``shelf``."""
    reason: str = ""
    """Why it was shelved, in words."""
    shelved_by: str = ""
    """Who shelved it."""
    until: float | None = None
    """When the shelf ends, in seconds since 1970 UTC."""


class _Pair:
    """One rule that keeps another one quiet, where their keys agree."""

    def __init__(self, source: RunningRule, target: RunningRule, part: str) -> None:
        self.source = source.rule.id
        self.target = target.rule.id
        self.part = part
        known = {*target.rule.key, *WHEREABOUTS}
        if part == LADDER:
            known |= set(STREAMS[target.rule.stream].keys if target.rule.stream in STREAMS else ())
        self.names = tuple(name for name in source.rule.key if name in known)
        self.open: dict[tuple[str, ...], set[str]] = {}
        """Values of the shared names with an open event of the source, and the keys that have it."""
        self.waiting: dict[tuple[str, ...], dict[str, KeyState]] = {}
        """Keys of the target that were kept quiet."""

    def values(self, state: KeyState) -> tuple[str, ...] | None:
        """Return a key's values of the shared names; None where it is not known to have them."""
        known = names_of(state)
        if any(name not in known for name in self.names):
            return None
        return tuple(known[name] for name in self.names)


class Inhibition:
    """Which keys are kept quiet by which open events.

    Args:
        running: the rules in force.

    Raises:
        PackError: rules that inhibit each other, or that have no name of their keys in common.
    """

    def __init__(self, running: Mapping[str, RunningRule]) -> None:
        self._by_source: dict[str, list[_Pair]] = {}
        self._by_target: dict[tuple[str, str], list[_Pair]] = {}
        for one in running.values():
            for name in one.rule.event.inhibits:
                self._pair(one, running.get(name), LADDER)
            absence = one.rule.operators.absence
            for name in () if absence is None else absence.inhibit_by:
                source = running.get(name)
                if source is not None:
                    self._pair(source, one, ABSENCE)
        self._released: dict[tuple[str, str], KeyState] = {}
        self.ranks = {rule: self._rank(rule, ()) for rule in running}
        """How many rules stand before one: those that keep it quiet are judged first."""

    def __bool__(self) -> bool:
        """Whether any rule inhibits another one."""
        return bool(self._by_source)

    def seed(self, running: Mapping[str, RunningRule]) -> None:
        """Gather what is open and who is kept quiet from the states of rules."""
        for rule in self._by_source:
            for state in running[rule].states.values() if rule in running else ():
                self.follow(state)
        for rule, part in self._by_target:
            for state in running[rule].states.values() if rule in running else ():
                if self.keeps_quiet(state, part) is None and untold(state, part) is not None:
                    self._released[state.name, part] = state

    def keeps_quiet(self, state: KeyState, part: str) -> str | None:
        """Return which rule keeps a part of a key quiet, and take note of the key; None: none does."""
        by = None
        for pair in self._by_target.get((state.running.rule.id, part), ()):
            values = pair.values(state)
            if values is not None and pair.open.get(values):
                pair.waiting.setdefault(values, {})[state.name] = state
                by = pair.source
        return by

    def follow(self, state: KeyState) -> None:
        """Take note of what a key has open now; whom that no longer keeps quiet waits for the tick."""
        for pair in self._by_source.get(state.running.rule.id, ()):
            values = pair.values(state)
            if values is None:
                continue
            holders = pair.open.setdefault(values, set())
            if _is_open(state):
                holders.add(state.name)
                continue
            holders.discard(state.name)
            if not holders:
                del pair.open[values]
                for name, one in pair.waiting.pop(values, {}).items():
                    self._released[name, pair.part] = one

    def take_released(self) -> list[tuple[KeyState, str]]:
        """Return keys and parts that need no longer be quiet, in order, and forget them.

        Asked by the tick: until then the other rules have judged what ended the inhibition.
        """
        released, self._released = self._released, {}
        found = [(released[name], name[1]) for name in sorted(released)]
        return [
            (state, part)
            for state, part in found
            if state.running.states.get(state.value) is state
            and self.keeps_quiet(state, part) is None
        ]

    def suppressed(self) -> list[Suppressed]:
        """Return every key that something is kept quiet about, in order."""
        found: dict[str, Suppressed] = {}
        for pairs in list(self._by_source.values()):
            for pair in pairs:
                for waiting in list(pair.waiting.values()):
                    for name, state in sorted(waiting.items()):
                        held = untold(state, pair.part)
                        if held is not None:
                            found[f"{name}\x1f{pair.part}"] = Suppressed(
                                rule=pair.target,
                                key=key_of(state),
                                level=held[1],
                                since=held[0],
                                by=pair.source,
                            )
        return [found[name] for name in sorted(found)]

    def _pair(self, source: RunningRule, target: RunningRule | None, part: str) -> None:
        if target is None:
            return
        pair = _Pair(source, target, part)
        if not pair.names:
            msg = (
                f"rule {pair.source!r} cannot inhibit {pair.target!r}: their keys have no name in "
                f"common; expected one of {', '.join(source.rule.key)} in the key"
            )
            raise PackError(msg)
        self._by_source.setdefault(pair.source, []).append(pair)
        self._by_target.setdefault((pair.target, part), []).append(pair)

    def _rank(self, rule: str, above: tuple[str, ...]) -> int:
        if rule in above:
            msg = f"rules {' and '.join(sorted(above))} inhibit each other; remove one of them"
            raise PackError(msg)
        sources = [
            pair.source
            for part in (LADDER, ABSENCE)
            for pair in self._by_target.get((rule, part), ())
        ]
        return max((1 + self._rank(one, (*above, rule)) for one in sources), default=0)


def _is_open(state: KeyState) -> bool:
    absence = None if state.more is None else state.more.absence
    return any(one is not None and one.open for one in (state.episode, absence))


def untold(state: KeyState, part: str) -> tuple[float, Level] | None:
    """Return onset and level of what a key does not tell; None where it tells everything."""
    if part == ABSENCE:
        absence = state.running.rule.operators.absence
        told = None if state.more is None else state.more.absence
        if absence is None or (told is not None and told.open):
            return None
        return state.last_at, absence.level
    held = holding(state)
    if held is None or held.ended_at is not None:
        return None
    told = state.episode
    if told is not None and told.open and told.level is held.level:
        return None
    return held.onset_at, held.level
