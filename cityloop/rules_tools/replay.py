"""Replaying stored data through a gateway's own rule host."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from cityloop.rules_tools.findings import CheckedPack
from cityloop.rules_tools.plain_ladders import are_plain_ladders
from cityloop.rules_tools.sources.entry import Entry
from cityloop.rules_tools.sources.opening import StoredData
from contracts.event import Event
from gateway.config import IntakeConfig
from gateway.dedupe import Dedupe
from gateway.rule_host import RuleHost
from gateway.rule_packs import encode_packs
from runtime.journal import JournalKind

__all__ = ["DEFAULT_DISTRICT", "Replay", "ReplayWindow", "replay"]

DEFAULT_DISTRICT = "replay"
"""District of events whose subject nobody knows, unless said otherwise."""
_COARSE_TICK_S, _LIVE_TICK_S = 60, 1
"""Seconds between ticks where a table or lines are silent: plain ladders date everything exactly by
themselves; to other operators a clock that stands still is a gateway that was down."""
_REPORT_EVERY = 10_000


class ReplayWindow(NamedTuple):
    """Which statements are reported, by event time in seconds since 1970; all data is fed anyway."""

    since_s: float = float("-inf")
    until_s: float = float("inf")


class Replay(NamedTuple):
    """What a replay found.

    Attributes:
        events: the statements within the window, in the order in which they were made.
        records: journal records that were fed, ticks left out.
        unusable: values that rules could not use, by reason (``out_of_range``, ``wrong_unit``, …).
        first_s, last_s: arrival of the first and the last record, seconds since 1970.
    """

    events: list[Event]
    records: int
    unusable: dict[str, int]
    first_s: float | None
    last_s: float | None


def replay(
    packs: Sequence[CheckedPack],
    data: StoredData,
    *,
    window: ReplayWindow | None = None,
    district: str = DEFAULT_DISTRICT,
    tick_s: int | None = None,
    skip_idle: bool = True,
    progress: Callable[[int], None] | None = None,
) -> Replay:
    """Return what packs find in stored data.

    Everything goes the way it goes live: :class:`gateway.rule_host.RuleHost` converts units, withholds
    what is out of range and runs the engine. A journal therefore gives the very statements that its
    gateway made, if the same packs are in force.

    Args:
        packs: the packs; none: those that the journal says were in force.
        data: the stored data.
        window: which statements to report; None: all.
        district: of events whose subject nobody knows: a gateway's first configured district.
        tick_s: seconds between ticks where nothing arrives; None: a second, as live, or more where
            that makes no difference. A journal has its own.
        skip_idle: whether rows of a table that provably change nothing may be left out.
        progress: told the number of records from time to time.
    """
    window = window or ReplayWindow()
    limits = IntakeConfig()
    host = RuleHost(Dedupe(), default_district=district, skew_s=limits.skew_s, late_s=limits.late_s)
    order = _needed_rows(packs, data) if skip_idle else None
    if tick_s is None and order is None:
        plain = are_plain_ladders([one.pack for one in packs])
        tick_s = _COARSE_TICK_S if plain else _LIVE_TICK_S
    entries = data.entries(tick_s=tick_s, keep_rules=not packs, order=order)
    found = _run(host, packs, entries, window, progress)
    unusable = {name: count for name, count in host.maker.counters.items() if name in _UNUSABLE}
    found = found._replace(unusable=unusable)
    if data.table is None:
        return found
    if data.table.unreadable:
        unusable["unreadable"] = data.table.unreadable
    # rows that were left out were looked at all the same
    arrived = data.table.arrived or data.table.at
    first_s, last_s = min(arrived, default=None), max(arrived, default=None)
    return found._replace(records=len(data.table), first_s=first_s, last_s=last_s)


def _needed_rows(packs: Sequence[CheckedPack], data: StoredData) -> Sequence[int] | None:
    """Return the rows of a table to feed; None for all, also where numpy is not installed."""
    if data.table is None:
        return None
    try:
        from cityloop.rules_tools.idle_rows import needed_rows  # noqa: PLC0415 - numpy is optional
    except ModuleNotFoundError:
        return None
    return needed_rows(data.table, [one.pack for one in packs])


_UNUSABLE = frozenset(
    {"out_of_range", "unknown_field", "unknown_profile", "wrong_type", "wrong_unit", "clock_skew"}
)


def _run(
    host: RuleHost,
    packs: Sequence[CheckedPack],
    entries: Iterable[Entry],
    window: ReplayWindow,
    progress: Callable[[int], None] | None,
) -> Replay:
    events: list[Event] = []
    records = 0
    first_s = last_s = None
    for record, prepared in entries:
        if first_s is None:
            first_s = record.arrived_at_us / 1_000_000
            if packs:
                sources = [one.source for one in packs]
                host.load_packs(encode_packs(sources), first_s)
        if record.kind is not JournalKind.TICK:
            records += 1
            if progress is not None and records % _REPORT_EVERY == 0:
                progress(records)
        outcome = host.apply(record, prepared)
        if outcome.events:
            events.extend(outcome.events)
        last_s = record.arrived_at_us / 1_000_000
    reported = [
        event for event in events if window.since_s <= event.at.timestamp() <= window.until_s
    ]
    return Replay(reported, records, {}, first_s, last_s)
