"""Tables of places that a rule names, or uses without naming."""

from collections.abc import Callable, Mapping, Sequence

from rules.declaration import RuleDeclaration
from rules.places import PlaceTable

__all__ = ["find_table", "imply_table"]

Fail = Callable[[Sequence[str | int], str], Exception]


def find_table(
    where: str, name: str | None, tables: Mapping[str, PlaceTable], fail: Fail
) -> PlaceTable | None:
    """Return the table that a part of a rule names; None where it names none.

    Raises:
        Exception: what ``fail`` makes, for a name that no table has.
    """
    if name is None:
        return None
    if name not in tables:
        known = ", ".join(tables) or "none"
        raise fail((where,), f"table {name[:40]!r} is unknown; 'places' here has {known}")
    return tables[name]


def imply_table(
    declared: RuleDeclaration, tables: Mapping[str, PlaceTable], fail: Fail
) -> PlaceTable | None:
    """Return the table of the places that the keys of a rule with signals ``near`` them are.

    It is the only one that has the place of a key name of the rule: a rule that leaves ``for_each`` out
    runs in every city whose tables have such a one.

    Args:
        declared: the rule as written, without ``for_each``.
        tables: those that it may name.
        fail: makes the error for a path below the rule.

    Raises:
        Exception: what ``fail`` makes, where there are several.
    """
    if all(signal.near is None for signal in declared.signals.values()):
        return None
    found = [
        table
        for table in tables.values()
        if table.key in declared.key and any(row.place is not None for row in table.rows.values())
    ]
    if len(found) > 1:
        names = ", ".join(table.name for table in found)
        raise fail(
            ("signals",), f"near what? tables {names} all have places; name one in 'for_each'"
        )
    return found[0] if found else None
