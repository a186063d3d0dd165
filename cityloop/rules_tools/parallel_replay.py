"""Replaying many tables, each in its turn or several at a time in processes of their own."""

import itertools
import multiprocessing
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import NamedTuple

from cityloop.rules_tools.errors import DataRefused, RulesToolError
from cityloop.rules_tools.findings import CheckedPack, load_packs
from cityloop.rules_tools.replay import Replay, ReplayWindow, replay
from cityloop.rules_tools.sources.mapping import load_mapping
from cityloop.rules_tools.sources.opening import StoredData, open_data
from rules.rule import Rule

__all__ = ["Share", "replay_many"]


class Share(NamedTuple):
    """What every process is told: plain values, from which it makes the rest for itself."""

    packs: tuple[Path, ...]
    mapping_text: str | None
    window: ReplayWindow
    district: str
    tick_s: int | None


class _Part(NamedTuple):
    name: str
    subjects: frozenset[str]
    found: Replay


def replay_many(
    share: Share,
    names: Sequence[str],
    *,
    jobs: int,
    progress: Callable[[int], None] | None = None,
) -> Replay:
    """Return what packs find in several tables, each of sensors of its own.

    The episodes are those of one replay over all rows: nothing that a rule knows of one sensor
    reaches another one, which is asked of the packs, and no sensor is in two tables, which is asked
    of the data.

    Args:
        share: packs and options.
        names: the tables.
        jobs: processes at a time; 1: this one alone.
        progress: told the number of records from time to time.

    Raises:
        RulesToolError: a rule looks at several sensors at once.
        DataRefused: no table, or a sensor in two of them.
    """
    for pack in _packs(share.packs):
        for rule in pack.pack.rules:
            _refuse_shared(rule)
    if jobs == 1 or len(names) == 1:
        parts = _collected((_one(share, name) for name in names), progress)
    else:
        with ProcessPoolExecutor(min(jobs, len(names)), mp_context=_context()) as pool:
            found = pool.map(_one, itertools.repeat(share), names)
            parts = _collected(found, progress)
    return _joined(parts)


def _context() -> BaseContext:
    """Return how processes are started: copied from this one where that is safe, else begun anew.

    A copy has the program and the packs at once, which a new process needs most of a second for. Threads
    would be copied in the middle of their work, so a process that has others than its first is not copied.
    """
    alone = threading.active_count() == 1 and sys.platform == "linux"
    return multiprocessing.get_context("fork" if alone else "spawn")


@cache
def _packs(paths: tuple[Path, ...]) -> list[CheckedPack]:
    return load_packs(paths)


def _refuse_shared(rule: Rule) -> None:
    absence = rule.operators.absence
    grouped = rule.event.group is not None or (absence is not None and absence.group is not None)
    if "subject" in rule.key and not rule.signals and not grouped:
        return
    raise RulesToolError(
        f"rule {rule.id!r} looks at several sensors at once; put all data into one file, or leave "
        "the rule out"
    )


def _one(share: Share, name: str) -> _Part:
    packs = _packs(share.packs)
    data = open_data(name, load_mapping(share.mapping_text), [one.pack for one in packs])
    found = replay(packs, data, window=share.window, district=share.district, tick_s=share.tick_s)
    return _Part(name, _subjects(data), found)


def _subjects(data: StoredData) -> frozenset[str]:
    if data.table is None:
        raise DataRefused(
            f"{data.name}: several --from are for tables (.csv, .tsv, .parquet); "
            "a journal or messages are replayed alone"
        )
    return frozenset(data.table.subjects)


def _collected(parts: Iterable[_Part], progress: Callable[[int], None] | None) -> list[_Part]:
    collected: list[_Part] = []
    for part in parts:
        collected.append(part)
        if progress is not None:
            progress(sum(one.found.records for one in collected))
    return collected


def _joined(parts: Sequence[_Part]) -> Replay:
    owners: dict[str, str] = {}
    for part in parts:
        for subject in part.subjects:
            if subject in owners:
                raise DataRefused(
                    f"sensor {subject!r} is in {owners[subject]} and in {part.name}; "
                    "put its rows into one file"
                )
            owners[subject] = part.name
    unusable: Counter[str] = Counter()
    for part in parts:
        unusable.update(part.found.unusable)
    events = [event for part in parts for event in part.found.events]
    return Replay(
        sorted(events, key=lambda event: (event.at, event.event_id, event.rev)),
        sum(part.found.records for part in parts),
        dict(unusable),
        min((part.found.first_s for part in parts if part.found.first_s is not None), default=None),
        max((part.found.last_s for part in parts if part.found.last_s is not None), default=None),
    )
