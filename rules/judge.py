"""A rule as the engine runs it: judging functions, key extraction and the states of its keys."""

import math
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from contracts.control import Mode
from rules.cuts import cuts_of
from rules.expression import compile_conditions
from rules.expression.closure import Conditions
from rules.ladder import fresh_state
from rules.places import NO_ROW, PlaceRow

if TYPE_CHECKING:
    from rules.key_state import KeyState
    from rules.rule import Rule
    from rules.sample import Sample
    from rules.trail import TrailBook

__all__ = ["KeyValue", "RunningRule"]

KeyValue = str | tuple[str, ...]
"""A key's value: the text itself where the rule's key is one name, else a tuple in its order."""


_NO_WINDOW: Final = (math.inf, -math.inf, False)


class RunningRule:
    """One rule with its key states; what a sample needs of it is precomputed here."""

    __slots__ = (
        "_cuts",
        "_judges",
        "_windows",
        "book",
        "cadences",
        "correlates",
        "counters",
        "delays",
        "derives",
        "filters",
        "follows_place",
        "fresh",
        "heard",
        "key_of",
        "levels",
        "merges",
        "modal",
        "name_set",
        "operates",
        "owns_book",
        "passes",
        "remembers",
        "rule",
        "shared",
        "starts_calm",
        "states",
        "table",
        "vanishes",
    )

    def __init__(self, rule: "Rule") -> None:
        self.rule = rule
        self.states: dict[KeyValue, KeyState] = {}
        self.key_of: Callable[[Mapping[str, str]], KeyValue] = itemgetter(*rule.key)
        self.filters = rule.filters
        self.levels = "".join(step.level.value[0] for step in rule.steps)
        """Levels of the ladder's steps, by first letter."""
        self.delays = tuple(step.delays for step in rule.steps)
        self.fresh = fresh_state(len(rule.steps))
        """The ladder of a key that has seen nothing; one for all of them."""
        self.heard = frozenset(rule.names)
        """Fields of a sample that it reads."""
        self.name_set = self.heard | {test.name for test in rule.spatial}
        self.derives = bool(rule.operators.lets)
        self.correlates = bool(rule.signals)
        self.table = rule.table
        self.merges = (
            len(rule.names) > 1
            or self.derives
            or self.correlates
            or bool(rule.spatial)
            or self.table is not None
        )
        self.cadences: Mapping[str, float] = {}
        """Seconds between two readings of subjects that have a cadence of their own."""
        self.counters: dict[str, int] = {}
        """Where it counts what it cannot take in: the engine's own."""
        self.operates = rule.operators.keep_state or bool(rule.signals)
        """Its keys have operators beside the ladder."""
        self.remembers = rule.operators.schedule is not None
        """Its keys keep their last sample, to judge it anew when the calendar turns."""
        schedule = rule.operators.schedule
        self.modal = schedule is not None and any(
            one.mode is not None for one in schedule.calendars
        )
        """Its calendars depend on the mode, so that its keys keep in mind which part of the city they are in."""
        self.passes = rule.stream in {"tracks", "observations"}
        """Its subjects come and go."""
        self.vanishes = rule.silence_s != float("inf")
        self.shared = rule.stream == "observations" and "observation" not in rule.key
        """Several observations may stand behind one key; it is gone when the last of them is."""
        passing = rule.stream in {"tracks", "observations"}
        self.starts_calm = not (passing or self.merges or self.operates or self.remembers)
        """A first sample that nothing presses on says all there is to know of a key."""
        self.book: TrailBook | None = None
        """The trails that late samples of its keys are put into; None: they are not judged."""
        absence = rule.operators.absence
        self.follows_place = absence is not None and bool(absence.inhibit_by or absence.group)
        """Its keys keep in mind where they were last heard from."""
        self.owns_book = False
        """No other rule shares the trails."""
        self._windows: dict[Mode, tuple[float, float, bool]] = {}
        self._judges: dict[int, Conditions] = {}
        self._cuts: tuple[tuple[float, ...] | None] | None = None

    @property
    def cuts(self) -> tuple[float, ...] | None:
        """The numbers at which its conditions may change; None where they may anywhere."""
        if self._cuts is None:
            steps = self.rule.steps
            self._cuts = (cuts_of(c.node for step in steps for c in (step.when, step.clear)),)
        return self._cuts[0]

    def own_book(self, book: "TrailBook") -> None:
        """Take trails that no other rule shares."""
        self.book, self.owns_book = book, True

    def judge(self, held: int) -> Conditions:
        """Return the function that judges the pressing conditions while ``held`` steps are held.

        Each combination of held steps that occurs is compiled once.
        """
        found = self._judges.get(held)
        if found is None:
            nodes = [
                (step.clear if held >> index & 1 else step.when).node
                for index, step in enumerate(self.rule.steps)
            ]
            found = self._judges[held] = compile_conditions(nodes, self.rule.fields)
        return found

    def window(self, at: float, mode: Mode) -> tuple[bool, float]:
        """Return whether the rule's calendar holds at a moment, and when to ask again.

        All keys turn at the same moments, so the last answer serves the next ones.
        """
        since, turns_at, active = self._windows.get(mode, _NO_WINDOW)
        if not since <= at < turns_at:
            schedule = self.rule.operators.schedule
            active, turns_at = (True, math.inf) if schedule is None else schedule.window(at, mode)
            self._windows[mode] = (at, turns_at, active)
        return active, turns_at

    def row_of(self, value: KeyValue) -> PlaceRow:
        """Return what the rule's table of places says of a key; nothing where it has none."""
        table, rule = self.table, self.rule
        if table is None:
            return NO_ROW
        name = value if isinstance(value, str) else value[rule.key.index(table.key)]
        return table.rows.get(name, NO_ROW)

    def fields_of(self, sample: "Sample") -> Mapping[str, float | bool | str]:
        """Return a sample's fields, with what the rule's spatial tests say of its place."""
        place = sample.place
        if not self.rule.spatial or place is None:
            return sample.fields
        return {**sample.fields, **{test.name: test.holds(place) for test in self.rule.spatial}}

    def has_place(self, value: KeyValue) -> bool:
        """Whether a key has a row, where the rule has a table of places."""
        return self.table is None or self.row_of(value) is not NO_ROW

    def accepts(self, keys: Mapping[str, str]) -> bool:
        """Whether a sample with these keys passes the rule's filters."""
        return all(keys.get(name) in wanted for name, wanted in self.filters)

    def silent_on(self, sample: "Sample") -> bool:
        """Whether a sample says nothing that the rule reads, nor that its subject is gone."""
        names = self.heard
        return bool(names) and not sample.ended and names.isdisjoint(sample.fields)

    def key_values(self, value: KeyValue) -> tuple[str, ...]:
        """Return a key's values in the order of the rule's key names."""
        return (value,) if isinstance(value, str) else value

    def name_of(self, value: KeyValue) -> str:
        """Return the name of a key's state among all rules: rule id and values."""
        if isinstance(value, str):
            return f"{self.rule.id}\x1f{value}"
        return "\x1f".join((self.rule.id, *value))
