"""The values of one key over time, as a rule sees them, taken out of stored data."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cityloop.rules_tools.errors import NotFound
from cityloop.rules_tools.sources.entry import Entry
from contracts.codec import decode_message
from contracts.counts import Counts
from contracts.errors import ContractError
from contracts.observation import Observation
from contracts.profiles import PROFILES
from contracts.readings import Readings, resolve_pack
from contracts.status import Status
from contracts.topics import BoxTopic, parse_topic
from contracts.tracks import Tracks
from gateway.prepared import Prepared
from gateway.registry import Registry
from gateway.samples import SampleMaker
from rules.common_fields import common_fields
from rules.correlator import Correlator
from rules.rule import Rule
from rules.sample import Sample
from rules.vocabulary import STREAMS
from runtime.journal import JournalKind, JournalRecord

__all__ = ["KeySeries", "key_series"]

_SHOWN_KEYS = 12


class KeySeries(NamedTuple):
    """One field of one key: event times in seconds since 1970, ascending, and values."""

    field: str
    unit: str | None
    at: list[float]
    values: list[float]

    def within(self, since_s: float, until_s: float) -> "KeySeries":
        """Return the part of the series between two times.

        Raises:
            NotFound: there is none.
        """
        kept = [
            pair for pair in zip(self.at, self.values, strict=True) if since_s <= pair[0] <= until_s
        ]
        if not kept:
            raise NotFound(f"no {self.field} of this key between --since and --until")
        return self._replace(at=[at for at, _ in kept], values=[value for _, value in kept])


def key_series(
    entries: Iterable[Entry], rule: Rule, key: Mapping[str, str], field: str | None
) -> KeySeries:
    """Return the numbers of one field of one key.

    Args:
        entries: the stored data.
        rule: whose input and filters count.
        key: values that a sample's keys must have.
        field: the field; None: the first number that the rule reads, or that there is.

    Raises:
        NotFound: what the rule watches has no such number, or no sample has this key.
    """
    # what a rule computes by itself is no part of the data
    table = STREAMS[rule.stream].fields
    if rule.profiles:
        table = common_fields([PROFILES[one] for one in rule.profiles]).fields
    if rule.signals:
        table = {signal.name: rule.fields[signal.name] for signal in rule.signals}
    numbers = [name for name, one in table.items() if one.kind == "number"]
    read = [name for name in rule.names if name in numbers]
    if field is None and numbers:
        field = (read or numbers)[0]
    if field is None or field not in numbers:
        raise NotFound(
            f"what rule {rule.id!r} watches has no number {field!r}; expected one of "
            f"{', '.join(numbers) or 'none'}"
        )
    points: list[tuple[float, float]] = []
    others: dict[str, None] = {}
    for sample in _heard(rule, entries):
        if not _watched(rule, sample):
            continue
        if any(sample.keys.get(name) != value for name, value in key.items()):
            others.setdefault(",".join(f"{n}={sample.keys.get(n, '?')}" for n in rule.key))
            continue
        value = sample.fields.get(field)
        if isinstance(value, float):
            points.append((sample.at, value))
    if not points:
        known = "; ".join(list(others)[:_SHOWN_KEYS]) or "none"
        raise NotFound(f"no {field} for {dict(key)}; the data has these keys: {known}")
    points.sort()
    at, values = zip(*points, strict=True)
    return KeySeries(field, table[field].unit, list(at), list(values))


def _heard(rule: Rule, entries: Iterable[Entry]) -> Iterable[Sample]:
    """Yield the samples that a rule may read; of one with signals what each member says."""
    if not rule.signals:
        yield from _samples(entries)
        return
    correlator = Correlator((rule,))
    for sample in _samples(entries):
        yield from correlator.correlate(sample, math.inf, Counter())


def _watched(rule: Rule, sample: Sample) -> bool:
    if rule.signals:
        return True
    if sample.stream != rule.stream or (rule.profiles and sample.profile not in rule.profiles):
        return False
    if rule.kinds and sample.keys.get("kind") not in rule.kinds:
        return False
    return all(sample.keys.get(name) in wanted for name, wanted in rule.filters)


def _samples(entries: Iterable[Entry]) -> Iterable[Sample]:
    registry = Registry()
    maker = SampleMaker(registry, skew_s=300.0, late_s=300.0)
    for record, known in entries:
        prepared = known or _decoded(record)
        if prepared is None:
            continue
        message, place, resolved = prepared
        if not isinstance(place, BoxTopic):
            continue
        arrived_s = record.arrived_at_us / 1_000_000
        if isinstance(message, Status):
            registry.learn(message, place, arrived_s)
        elif isinstance(message, Readings | Tracks | Counts | Observation):
            batch = maker.make(message, resolved or (), place, arrived_s, record.offset)
            yield from (sample for sample, _ in batch.samples)


def _decoded(record: JournalRecord) -> Prepared | None:
    if record.kind not in {JournalKind.MESSAGE, JournalKind.STATUS}:
        return None
    try:
        message = decode_message(record.payload)
        resolved = resolve_pack(message) if isinstance(message, Readings) else None
        return Prepared(message, parse_topic(record.topic), resolved)
    except ContractError:
        return None
