"""Which packs hold nothing but ladders over readings: their statements need no clock of one second."""

from collections.abc import Sequence

from msgspec import Struct

from rules.ladder import Delays
from rules.rule import Rule, RulePack, Step

__all__ = ["are_plain_ladders"]

_LADDER_PARTS = frozenset(
    {"id", "version", "event", "title_zh", "title_en", "stream", "profiles", "kinds", "filters"}
    | {
        "key",
        "steps",
        "fields",
        "names",
        "gap_s",
        "fresh_s",
        "silence_s",
        "late_s",
        "since",
        "migrate",
    }
)
"""Parts of a rule that this proof knows; a rule with any other one in use sees every row."""
_PACK_PARTS = frozenset({"name", "rules", "tests"})
_STEP_PARTS = frozenset({"level", "when", "clear", "delays", "source"})
_KEYS = frozenset({"subject", "box", "site", "district"})


def are_plain_ladders(packs: Sequence[RulePack]) -> bool:
    """Return whether packs hold nothing but ladders over readings.

    A part of a rule that is not known here makes it more than a plain ladder, so that a part which
    the language gains later is safe from what is claimed about them.
    """
    return all(
        not _extras(pack, _PACK_PARTS) and all(_is_plain(rule) for rule in pack.rules)
        for pack in packs
    )


def _is_plain(rule: Rule) -> bool:
    """Whether a rule is a ladder over readings and nothing else that keeps state."""
    return (
        rule.stream == "readings"
        and not rule.filters
        and not rule.event.inhibits
        and rule.event.group is None
        and set(rule.key) <= _KEYS
        and not _extras(rule, _LADDER_PARTS)
        and all(_plain_step(step) for step in rule.steps)
    )


def _plain_step(step: Step) -> bool:
    return not _extras(step, _STEP_PARTS) and len(step.delays) == len(Delays._fields) == 4


def _extras(part: Struct, known: frozenset[str]) -> list[str]:
    """Return the fields of a compiled part that are in use and not known here."""
    names = (name for name in part.__struct_fields__ if name not in known)
    return [name for name in names if _in_use(getattr(part, name))]


def _in_use(value: object) -> bool:
    """Whether an optional part says anything: a Struct of nothing but absent parts does not."""
    if isinstance(value, Struct):
        return any(_in_use(getattr(value, name)) for name in value.__struct_fields__)
    return bool(value)
