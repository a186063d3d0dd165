"""Groups: what is declared becomes checked."""

from collections.abc import Callable, Sequence

from rules.breach import GroupSection
from rules.durations import parse_duration
from rules.operator_declaration import GroupDeclaration

__all__ = ["LONGEST_WAIT_S", "compile_group"]

LONGEST_WAIT_S = 600.0
"""Longest wait of a group: people wait for it too. Source: expert setting."""


def compile_group(
    declared: GroupDeclaration | None,
    names: Sequence[str],
    fail: Callable[[Sequence[str | int], str], Exception],
) -> GroupSection | None:
    """Return a ``group`` section, None where none is declared.

    Args:
        declared: the section as written.
        names: names that keys may be grouped by.
        fail: makes the error for a path below the section.

    Raises:
        Exception: what ``fail`` makes.
    """
    if declared is None:
        return None
    if not declared.by:
        raise fail(("by",), "expected at least one name")
    for index, name in enumerate(declared.by):
        if name not in names:
            known = ", ".join(dict.fromkeys(names))
            raise fail(
                ("by", index), f"{name[:40]!r} is no name to group by; expected one of {known}"
            )
    try:
        wait_s = parse_duration(declared.wait)
    except ValueError as failure:
        raise fail(("wait",), str(failure)) from failure
    if wait_s > LONGEST_WAIT_S:
        raise fail(("wait",), "expected at most 10m: people wait for it too")
    return GroupSection(by=tuple(declared.by), wait_s=wait_s)
