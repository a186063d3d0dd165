"""Which rules read a sample: found by stream and profile or kind, not by trying them all."""

from collections.abc import Iterable, Mapping, Sequence

from rules.correlator import Correlator, signal_profile
from rules.cuts import FieldCuts
from rules.errors import PackError
from rules.inhibition import Inhibition
from rules.judge import RunningRule
from rules.key_marks import MARK_EVERY
from rules.number_trail import open_book
from rules.passing_trail import PassingTrail
from rules.rule import Rule, RulePack
from rules.sample import Sample
from rules.trail import TrailBook
from rules.word_trail import WordTrail

__all__ = ["RuleIndex", "Slot"]

_Place = tuple[str, str | None]
"""Stream, and profile or kind."""


class RuleIndex:
    """The rules of some packs, by id and by what they read.

    Raises:
        PackError: two packs declare the same rule.
    """

    def __init__(
        self,
        packs: Sequence[RulePack],
        counters: dict[str, int] | None = None,
        cadences: Mapping[str, float] | None = None,
    ) -> None:
        _check_unique(packs)
        self.running = {rule.id: RunningRule(rule) for pack in packs for rule in pack.rules}
        for running in self.running.values():
            running.counters = {} if counters is None else counters
            running.cadences = {} if cadences is None else cadences
        self.correlator = Correlator(running.rule for running in self.running.values())
        """Makes samples for rules with ``signals``; false where there is none."""
        self.inhibition = Inhibition(self.running)
        """Which open events keep which other rules quiet."""
        self.books = _open_books(self.running.values())
        """All trails, by name."""
        listens = any(running.rule.operators.listen for running in self.running.values())
        self.listens = listens or bool(self.books)
        """Whether any rule needs to know what time the clock has come to."""
        index: dict[_Place, list[RunningRule]] = {}
        named: dict[str, dict[_Place, list[RunningRule]]] = {}
        for running in self.running.values():
            subjects = dict(running.filters).get("subject")
            for slot in _slots(running.rule):
                if subjects is None:
                    index.setdefault(slot, []).append(running)
                for subject in subjects or ():
                    named.setdefault(subject, {}).setdefault(slot, []).append(running)
        if self.inhibition:
            ranks = self.inhibition.ranks
            for slots in (index, *named.values()):
                for found in slots.values():
                    found.sort(key=lambda one: ranks[one.rule.id])
        self._slots = _merged(index, {})
        self._named = {subject: _merged(index, slots) for subject, slots in named.items()}
        """For subjects that rules name: these rules beside those for all."""

    def find(self, sample: Sample) -> tuple[RunningRule, ...] | None:
        """Return the rules that read a sample; None where there is none."""
        slot = self.slot(sample)
        return None if slot is None else slot.rules

    def slot(self, sample: Sample) -> "Slot | None":
        """Return the rules that read a sample with the trails they share; None: there is no rule."""
        stream = sample.stream
        by_profile = stream in {"readings", "signals"}
        kind = sample.profile if by_profile else sample.keys.get("kind")
        slots = self._named.get(sample.subject, self._slots)
        return slots.get((stream, kind)) or slots.get((stream, None))


class Slot:
    """Rules that read the same samples, and the trails that those keyed by subject share."""

    __slots__ = ("_cuts", "book", "rules")

    def __init__(self, rules: Sequence[RunningRule]) -> None:
        self.rules = tuple(rules)
        shared = [one.book for one in rules if one.book is not None and not one.owns_book]
        self.book = shared[0] if shared else None
        self._cuts: dict[tuple[str, ...], tuple[FieldCuts, ...]] = {}

    def cuts(self, rules: Sequence[RunningRule]) -> tuple[FieldCuts, ...]:
        """Return where the conditions of some of its rules can change, for each field they read."""
        name = tuple([one.rule.id for one in rules])
        found = self._cuts.get(name)
        if found is None:
            fields = dict.fromkeys(field for one in rules for field in one.rule.names)
            found = self._cuts[name] = tuple(
                FieldCuts(field, [one.cuts for one in rules if field in one.rule.names])
                for field in fields
            )
        return found


def _open_books(rules: Iterable[RunningRule]) -> dict[str, TrailBook]:
    """Give every rule whose late samples are judged its trails."""
    books: dict[str, TrailBook] = {}
    sharing: dict[str, list[RunningRule]] = {}
    for running in rules:
        rule = running.rule
        if rule.stream in {"tracks", "observations"} and rule.late_s > 0:
            passing = PassingTrail(f"rule {rule.id}", rule.names, rule.late_s)
            running.own_book(passing)
            passing.spare = MARK_EVERY if running.merges else 0
            books[passing.name] = passing
            continue
        if rule.signals and rule.late_s > 0:
            words = WordTrail(f"rule {rule.id}", rule.names, rule.late_s, rule.signals)
            running.own_book(words)
            books[words.name] = words
            continue
        if (
            rule.stream not in {"readings", "counts", "quality"}
            or rule.late_s <= 0
            or not rule.names
        ):
            continue
        alone = any(name != "subject" for name, _ in rule.filters)
        if len(rule.profiles) == 1 and rule.key == ("subject",) and not alone:
            sharing.setdefault(rule.profiles[0], []).append(running)
            continue
        book = open_book(f"rule {rule.id}", rule.names, rule.fields, rule.late_s)
        running.own_book(book)
        book.spare = MARK_EVERY if running.merges else 0
        books[book.name] = book
    for profile, group in sharing.items():
        names = sorted({name for one in group for name in one.rule.names})
        reach_s = max(one.rule.late_s for one in group)
        fields = {name: one.rule.fields[name] for one in group for name in one.rule.names}
        book = books[profile] = open_book(profile, names, fields, reach_s)
        book.spare = MARK_EVERY if any(one.merges for one in group) else 0
        for one in group:
            one.book = book
    return books


def _merged(
    general: Mapping[_Place, list[RunningRule]], own: Mapping[_Place, list[RunningRule]]
) -> dict[_Place, Slot]:
    """Return the rules of each slot: those for all, those of a subject, those for any kind."""
    any_kind: _Place = ("observations", None)
    found: dict[_Place, Slot] = {}
    for slot in dict.fromkeys((*general, *own)):
        slots = [slot, any_kind] if slot[0] == "observations" and slot[1] else [slot]
        found[slot] = Slot(
            [running for one in slots for part in (general, own) for running in part.get(one, ())]
        )
    return found


def _slots(rule: Rule) -> list[tuple[str, str | None]]:
    if rule.signals:
        return [(rule.stream, signal_profile(rule.id))]
    if rule.kinds:
        return [(rule.stream, kind) for kind in rule.kinds]
    return [(rule.stream, one) for one in rule.profiles or (None,)]


def _check_unique(packs: Sequence[RulePack]) -> None:
    seen: dict[str, str] = {}
    for pack in packs:
        for rule in pack.rules:
            if rule.id in seen:
                msg = f"rule {rule.id!r} is declared in {seen[rule.id]} and {pack.name}; rename one"
                raise PackError(msg)
            seen[rule.id] = pack.name
