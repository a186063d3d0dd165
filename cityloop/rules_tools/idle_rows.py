"""Which rows of a table a ladder has to see: a year of dry weather changes nothing.

A row may be left out where, for its key, nothing is pending or held and nothing begins: all ``when``
are known to be false and all ``clear`` known to be true, and have been for longer than the longest
``clear_for``. Of each such stretch the last row is kept, so that the age of the last value is right.
What is found in the rows that are left is the same, to the byte, as in all of them; a property test
holds it to that. Conditions are judged for all rows at once, with numpy.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cityloop.rules_tools.plain_ladders import are_plain_ladders
from cityloop.rules_tools.sources.table import ReadingTable
from contracts.profiles import ProfileField
from rules.expression.columns import Column, evaluate_columns, known_column
from rules.rule import Rule, RulePack

__all__ = ["needed_rows"]


def needed_rows(table: ReadingTable, packs: Sequence[RulePack]) -> Sequence[int] | None:
    """Return the indices of the rows to feed, in order of arrival; None: all of them.

    Args:
        table: the readings.
        packs: all packs that are run.
    """
    if table.arrived or not table.at or not are_plain_ladders(packs):
        return None
    order = np.asarray(table.order(), dtype=np.int64)
    at = np.frombuffer(table.at, dtype=np.float64)[order]
    needed = np.zeros(len(order), dtype=np.bool_)
    watching = [
        rule for pack in packs for rule in pack.rules if table.profile.name in rule.profiles
    ]
    groups = _by_subject(table, order) if watching else []
    for rule in watching:
        columns = _columns(table, rule, order)
        hot, quiet = _judged(rule, columns, len(order))
        longest_s = max(step.delays.clear_for_s for step in rule.steps)
        for rows in groups if "subject" in rule.key else [np.arange(len(order))]:
            needed[rows] |= ~_idle(at[rows], hot[rows], quiet[rows], longest_s)
    # the last row of all tells how long the data goes on
    needed[-1] = True
    kept: list[int] = order[needed].tolist()
    return kept


def _by_subject(table: ReadingTable, order: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return for each subject the positions of its rows, ascending."""
    numbers = {subject: number for number, subject in enumerate(dict.fromkeys(table.subjects))}
    if len(numbers) == 1:
        return [np.arange(len(order))]
    found = list(map(numbers.__getitem__, table.subjects))
    subjects = np.array(found, dtype=np.int64)[order]
    by_subject = np.argsort(subjects, kind="stable")
    counts = np.bincount(subjects, minlength=len(numbers))
    return np.split(by_subject, np.cumsum(counts)[:-1])


def _columns(table: ReadingTable, rule: Rule, order: NDArray[np.int64]) -> Mapping[str, Column]:
    """Return the columns that a rule reads; what the gateway would withhold is unknown."""
    columns: dict[str, Column] = {}
    for name in rule.names:
        if name not in table.values:
            continue
        field = rule.fields[name]
        cells: Any = table.values[name]
        if field.kind == "number":
            cells = np.array(cells, dtype=np.float64)
        values, known = known_column(cells, field.kind)
        columns[name] = Column(values[order], (known & _within(values, field))[order])
    return columns


def _within(values: NDArray[Any], field: ProfileField) -> NDArray[np.bool_]:
    inside = np.ones(len(values), dtype=np.bool_)
    if field.minimum is not None:
        inside &= values >= field.minimum
    if field.maximum is not None:
        inside &= values <= field.maximum
    return inside


def _judged(
    rule: Rule, columns: Mapping[str, Column], rows: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return in which rows something may begin or go on, and in which everything is at rest."""
    quiet = np.ones(rows, dtype=np.bool_)
    for step in rule.steps:
        when, known = evaluate_columns(step.when.node, columns, rule.fields, rows)
        quiet &= known & ~when
        clear, known = evaluate_columns(step.clear.node, columns, rule.fields, rows)
        quiet &= known & clear
    if len(rule.names) > 1:
        # values of one subject may come in several rows; where one is absent an older one counts
        for name in rule.names:
            quiet &= columns[name].known if name in columns else False
    return ~quiet, quiet


def _idle(
    at: NDArray[np.float64],
    hot: NDArray[np.bool_],
    quiet: NDArray[np.bool_],
    longest_s: float,
) -> NDArray[np.bool_]:
    """Return which rows of one key may be left out."""
    rows = np.arange(len(at))
    last_hot = np.maximum.accumulate(np.where(hot, rows, -1))
    first_quiet = np.minimum(last_hot + 1, len(at) - 1)
    # what was held began to clear with the first quiet row at the latest
    released = (last_hot < 0) | (at >= at[first_quiet] + longest_s)
    rest = quiet & released
    # two rows more: the one that lets go, and the one that is judged anew after it
    settled = rest & (last_hot < 0)
    settled[2:] |= rest[2:] & rest[1:-1] & rest[:-2]
    # the last row of a stretch stays
    settled[:-1] &= settled[1:]
    settled[-1] = False
    return np.asarray(settled, dtype=np.bool_)
