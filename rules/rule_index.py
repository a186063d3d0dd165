"""Which rules read a sample: found by stream and profile or kind, not by trying them all."""

from collections.abc import Sequence

from rules.correlator import Correlator, signal_profile
from rules.errors import PackError
from rules.judge import RunningRule
from rules.rule import Rule, RulePack
from rules.sample import Sample

__all__ = ["RuleIndex", "same_key"]


class RuleIndex:
    """The rules of some packs, by id and by what they read.

    Raises:
        PackError: two packs declare the same rule.
    """

    def __init__(self, packs: Sequence[RulePack], counters: dict[str, int] | None = None) -> None:
        _check_unique(packs)
        self.running = {rule.id: RunningRule(rule) for pack in packs for rule in pack.rules}
        for running in self.running.values():
            running.counters = {} if counters is None else counters
        self.correlator = Correlator(running.rule for running in self.running.values())
        """Makes samples for rules with ``signals``; false where there is none."""
        self.listens = any(running.rule.operators.listen for running in self.running.values())
        """Whether any rule needs to know that time passed without a sample."""
        index: dict[tuple[str, str | None], list[RunningRule]] = {}
        for running in self.running.values():
            for slot in _slots(running.rule):
                index.setdefault(slot, []).append(running)
        general = index.get(("observations", None), [])
        self._slots = {
            slot: tuple(found + general if slot[0] == "observations" and slot[1] else found)
            for slot, found in index.items()
        }

    def find(self, sample: Sample) -> tuple[RunningRule, ...] | None:
        """Return the rules that read a sample; None where there is none."""
        stream = sample.stream
        by_profile = stream in {"readings", "signals"}
        kind = sample.profile if by_profile else sample.keys.get("kind")
        return self._slots.get((stream, kind)) or self._slots.get((stream, None))


def same_key(before: Rule, after: Rule) -> bool:
    """Whether the states of one rule can go on under another."""
    return (before.stream, before.key) == (after.stream, after.key)


def _slots(rule: Rule) -> list[tuple[str, str | None]]:
    if rule.signals:
        return [(rule.stream, signal_profile(rule.id))]
    if rule.kinds:
        return [(rule.stream, kind) for kind in rule.kinds]
    return [(rule.stream, rule.profile)]


def _check_unique(packs: Sequence[RulePack]) -> None:
    seen: dict[str, str] = {}
    for pack in packs:
        for rule in pack.rules:
            if rule.id in seen:
                msg = f"rule {rule.id!r} is declared in {seen[rule.id]} and {pack.name}; rename one"
                raise PackError(msg)
            seen[rule.id] = pack.name
