"""The correlator: from one sample to what it says for each key of each rule with ``signals``.

It keeps no state: which keys a sample speaks for follows from the packs and the sample alone. What a
key's members said is in the key's own state, where it is snapshotted with the rest.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rules.expression import evaluate
from rules.nearby import Nearby
from rules.places import PlaceTable
from rules.rule import Rule
from rules.sample import Sample
from rules.signals import MEMBER, Signal

__all__ = ["GRID", "Correlator", "signal_profile"]

GRID: Final = "grid"
"""Key name that a sample's place gives: the cell of the unit grid."""
_PARTS: Final = ("zone", "line", "track", "observation")
"""Key names that tell members of one subject apart."""

_Slot = tuple[str, str | None]


def signal_profile(rule: str) -> str:
    """Return what stands for the profile in samples for a rule with signals; no device has it."""
    return f"signals:{rule}"


class _Source:
    """One signal of one rule."""

    def __init__(self, rule: Rule, signal: Signal) -> None:
        self._rule = rule
        self._signal = signal
        self._nearby: Nearby | None = None
        if signal.near_m is not None and rule.table is not None:
            self._nearby = _index(rule.table, signal.near_m)

    def samples(self, sample: Sample, now: float, counters: dict[str, int]) -> list[Sample]:
        signal = self._signal
        if any(sample.keys.get(name) not in wanted for name, wanted in signal.filters):
            return []
        if signal.reads.isdisjoint(sample.fields) and not sample.ended:
            return []
        found = self._keys(sample)
        if not found:
            counters["unplaced"] += 1
            return []
        value = math.nan
        if not sample.ended:
            known = evaluate(signal.node, sample.fields, signal.fields)
            value = math.nan if known is None or isinstance(known, str) else float(known)
        member = "/".join((sample.subject, *(sample.keys[p] for p in _PARTS if p in sample.keys)))
        return [
            Sample(
                stream="signals",
                profile=signal_profile(self._rule.id),
                subject=sample.subject,
                # a member whose clock is ahead must not take the others' present away
                at=min(sample.at, now),
                keys={**sample.keys, **key, MEMBER: member},
                fields={signal.name: value},
                place=sample.place,
                evidence=sample.evidence,
                discovery=sample.discovery,
                message=sample.message,
                sent_at=sample.sent_at,
                offset=sample.offset,
            )
            for key in found
        ]

    def _keys(self, sample: Sample) -> list[dict[str, str]]:
        """Return the key values that a sample speaks for; none where it cannot be told."""
        rule = self._rule
        name, places = self._places(sample)
        if name is not None and not places:
            return []
        key: dict[str, str] = {}
        for part in rule.key:
            if part != name:
                value = self._value(part, sample)
                if value is None:
                    return []
                key[part] = value
        return [key] if name is None else [{**key, name: place} for place in places]

    def _places(self, sample: Sample) -> tuple[str | None, Sequence[str]]:
        """Return the key name that a sample's place gives, and its values; None: it gives none."""
        rule, place = self._rule, sample.place
        if self._nearby is not None and rule.table is not None:
            found = () if place is None else self._nearby.find(place.lon, place.lat)
            return rule.table.key, found
        if self._signal.inside is not None:
            areas = rule.areas[self._signal.inside]
            return areas.key, () if place is None else areas.polygons.find(place)
        return None, ()

    def _value(self, name: str, sample: Sample) -> str | None:
        members = self._rule.members
        if members is not None and name in members.fields:
            row = members.rows.get(sample.keys.get(members.key, ""))
            value = None if row is None else row.values.get(name)
            return value if isinstance(value, str) else None
        if name == GRID:
            return None if sample.place is None else sample.place.grid
        return sample.keys.get(name)


class Correlator:
    """The signals of all rules, by what they watch."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._slots: dict[_Slot, list[_Source]] = {}
        for rule in rules:
            for signal in rule.signals:
                source = _Source(rule, signal)
                for slot in _slots(signal):
                    self._slots.setdefault(slot, []).append(source)

    def __bool__(self) -> bool:
        return bool(self._slots)

    def watches(self, sample: Sample) -> bool:
        """Return whether a signal may read a sample."""
        return bool(self._sources(sample))

    def correlate(self, sample: Sample, now: float, counters: dict[str, int]) -> list[Sample]:
        """Return what a sample says, one sample of stream ``signals`` for each rule, signal and key.

        Args:
            sample: any sample.
            now: its arrival.
            counters: ``unplaced`` counts what speaks for no key.
        """
        if not self._slots:
            return []
        return [
            one for source in self._sources(sample) for one in source.samples(sample, now, counters)
        ]

    def _sources(self, sample: Sample) -> list[_Source]:
        stream, slots = sample.stream, self._slots
        if stream == "readings":
            return slots.get((stream, sample.profile), [])
        kind = sample.keys.get("kind")
        return slots.get((stream, None), []) + (slots.get((stream, kind), []) if kind else [])


def _slots(signal: Signal) -> Iterable[_Slot]:
    if signal.kinds:
        return [(signal.stream, kind) for kind in signal.kinds]
    return [(signal.stream, signal.profile)]


def _index(table: PlaceTable, reach_m: float) -> Nearby:
    rows: Mapping[str, object] = table.rows
    places = ((name, table.rows[name].place) for name in rows)
    return Nearby(((name, one.lon, one.lat) for name, one in places if one is not None), reach_m)
