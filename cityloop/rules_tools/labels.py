"""Labelled truth, and how well episodes meet it: precision, recall and lead time."""

import csv
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from cityloop.rules_tools.errors import DataRefused
from cityloop.rules_tools.firings import Firing
from cityloop.rules_tools.sources.moments import moment_s
from contracts.readings import moment

__all__ = ["Label", "LabelScore", "read_labels", "score"]

_FROM, _TO = "from", "to"
_NAMED = ("rule", "event_type")


class Label(NamedTuple):
    """A span of time in which something really was the matter.

    Attributes:
        row: row of the file, from 1.
        where: what an episode must have to be about it: key names, ``rule``, ``event_type``.
        from_s, to_s: the span, seconds since 1970.
    """

    row: int
    where: dict[str, str]
    from_s: float
    to_s: float


class LabelScore(Struct, frozen=True, kw_only=True):
    """How episodes meet labels."""

    labels: int
    found: int
    """Labels that an episode met."""
    missed: tuple[int, ...]
    """Rows of the labels that none met."""
    false_alarms: tuple[str, ...]
    """Event ids of the episodes that met no label."""
    precision: float | None
    """Share of the episodes that met a label; None without episodes."""
    recall: float | None
    """Share of the labels that were met; None without labels."""
    lead_s: dict[str, float]
    """By event id: seconds by which the first alarm came before the label's beginning; negative:
    after it. Only the first episode that met a label counts."""
    lead_s_median: float | None


def read_labels(path: Path) -> list[Label]:
    """Return the labels in a CSV: columns ``from``, ``to`` and any of key names, rule, event_type.

    An empty cell says nothing about its column.

    Raises:
        DataRefused: it cannot be read, a column is missing, or a span is none.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            names = rows.fieldnames or []
            if _FROM not in names or _TO not in names:
                raise DataRefused(
                    f"{path}: expected the columns 'from' and 'to' beside key names; "
                    f"found {', '.join(names) or 'none'}"
                )
            return [_label(path, number, row) for number, row in enumerate(rows, start=1)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataRefused(f"{path}: labels cannot be read: {error}") from error


def _label(path: Path, number: int, row: dict[str, str]) -> Label:
    try:
        begin, end = moment_s(row[_FROM] or ""), moment_s(row[_TO] or "")
    except ValueError as error:
        raise DataRefused(f"{path}: row {number}: 'from' and 'to': {error}") from error
    if end < begin:
        raise DataRefused(f"{path}: row {number}: 'to' lies before 'from'; swap them")
    where = {
        name: value for name, value in row.items() if name and name not in {_FROM, _TO} and value
    }
    return Label(number, where, begin, end)


def score(firings: Sequence[Firing], labels: Sequence[Label], *, tolerance_s: float) -> LabelScore:
    """Return how episodes meet labels.

    An episode meets a label where it is about the same thing and their times overlap.

    Args:
        firings: the episodes.
        labels: the truth.
        tolerance_s: seconds by which an episode may miss the span and still meet it: an early
            warning begins, and may end, before what it warns of.
    """
    met: dict[int, list[Firing]] = {}
    useful: set[str] = set()
    for label in labels:
        for firing in firings:
            if _about(firing, label) and _overlap(firing, label, tolerance_s):
                met.setdefault(label.row, []).append(firing)
                useful.add(firing.event_id)
    leads: dict[str, float] = {}
    for label in labels:
        if label.row in met:
            first = min(met[label.row], key=lambda firing: firing.raised_at)
            lead = (moment(label.from_s) - first.raised_at).total_seconds()
            leads.setdefault(first.event_id, round(lead, 3))
    return LabelScore(
        labels=len(labels),
        found=len(met),
        missed=tuple(label.row for label in labels if label.row not in met),
        false_alarms=tuple(one.event_id for one in firings if one.event_id not in useful),
        precision=round(len(useful) / len(firings), 4) if firings else None,
        recall=round(len(met) / len(labels), 4) if labels else None,
        lead_s=leads,
        lead_s_median=statistics.median(leads.values()) if leads else None,
    )


def _about(firing: Firing, label: Label) -> bool:
    known = {"rule": firing.rule, "event_type": firing.event_type, **firing.key}
    return all(known.get(name) == value for name, value in label.where.items())


def _overlap(firing: Firing, label: Label, tolerance_s: float) -> bool:
    end = firing.ended_at or datetime.max.replace(tzinfo=UTC)
    begins_in_time = firing.onset_at.timestamp() <= label.to_s + tolerance_s
    return begins_in_time and (
        firing.ended_at is None or end.timestamp() >= label.from_s - tolerance_s
    )
