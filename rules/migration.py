"""Migration: how states of an older version of a rule go on where names have changed."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from contracts.levels import Level
from rules.operator_declaration import MigrateDeclaration

if TYPE_CHECKING:
    from rules.judge import RunningRule
    from rules.rule import Rule

__all__ = ["Migration", "compile_migration", "find_heir", "refusal"]


class Migration(Struct, frozen=True, kw_only=True):
    """What a rule declares about the one that it takes the place of."""

    rule: str | None = None
    """Id that it had; None: the same."""
    key: dict[str, str] = {}
    """Names of its key that are called otherwise now: old to new."""
    levels: dict[Level, Level] = {}
    """Levels that are no more, and which is theirs now."""

    def levels_of(self, before: str) -> str:
        """Return the levels of the older ladder by first letter, as they are called now."""
        names = {old.value[0]: new.value[0] for old, new in self.levels.items()}
        return "".join(names.get(letter, letter) for letter in before)


def compile_migration(
    declared: MigrateDeclaration | None,
    key: Sequence[str],
    levels: Sequence[Level],
    fail: Callable[[Sequence[str | int], str], Exception],
) -> Migration | None:
    """Return a ``migrate`` section, None where none is declared.

    Args:
        declared: the section as written.
        key: the rule's key.
        levels: levels of its ladder.
        fail: makes the error for a path below the section.

    Raises:
        Exception: what ``fail`` makes.
    """
    if declared is None:
        return None
    for old, new in declared.key.items():
        if new not in key:
            raise fail(("key", old), f"{new[:40]!r} is not in the key; expected one of it")
    for before, after in declared.levels.items():
        if before in levels:
            raise fail(("levels", before.value), "this level is still there, and keeps its state")
        if after not in levels:
            raise fail(("levels", before.value), f"the ladder has no step {after.value}")
    return Migration(rule=declared.rule, key=declared.key, levels=declared.levels)


def find_heir(before: "Rule", running: Mapping[str, "RunningRule"]) -> "RunningRule | None":
    """Return the rule that takes the place of one, by its id or by what it declares."""
    heir = running.get(before.id)
    if heir is not None:
        return heir
    for one in running.values():
        if one.rule.migrate is not None and one.rule.migrate.rule == before.id:
            return one
    return None


def refusal(before: "Rule", after: "Rule") -> str | None:
    """Return why states of one rule cannot go on under another; None: they can."""
    if before.stream != after.stream:
        return f"it watches {after.stream}, and watched {before.stream}"
    renamed = {} if after.migrate is None else after.migrate.key
    if tuple(renamed.get(name, name) for name in before.key) != after.key:
        return (
            f"its key is {', '.join(after.key)}, and was {', '.join(before.key)}; "
            "'migrate' can rename, not add or leave out"
        )
    return None
