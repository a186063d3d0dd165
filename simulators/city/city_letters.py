"""The messages of a city's boxes: packs of what their sensors measured since the last one."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from contracts.envelope import Channel
from contracts.readings import Readings, Record
from contracts.topics import Kind
from runtime.outbox import Letter, Stamp
from simulators.city.city import SensorGroup
from simulators.city.instruments import FIELD_KINDS

__all__ = ["Sample", "pack_letters", "pack_records"]

Sample = tuple[SensorGroup, int, float, dict[str, float]]
"""Group, index of the sensor, second of the scenario, and value by field; NaN: none was sent."""

_MOST_RECORDS = 5_000
"""Records in one pack at most; a pack of this size has about 400 kB."""


def _records(sample: Sample, start_s: float) -> list[Record]:
    group, index, at_s, values = sample
    found: list[Record] = []
    for name, value in values.items():
        if math.isnan(value):
            continue
        kind = FIELD_KINDS.get(name)
        field = group.profile.field(name)
        base = not found
        found.append(
            Record(
                bn=f"{group.subjects[index]}/" if base else None,
                profile=group.profile.name if base else None,
                n=name,
                u=field.unit if field is not None and kind is None else None,
                v=value if kind is None else None,
                vb=value > 0.5 if kind == "flag" else None,
                vs=("construction" if value > 0.5 else "traffic") if kind == "text" else None,
                t=round(at_s - start_s, 3) or None,
            )
        )
    return found


def pack_records(samples: Iterable[Sample], start: datetime) -> list[Record]:
    """Return samples as SenML records with absolute times, seconds since 1970."""
    found: list[Record] = []
    for sample in samples:
        records = _records(sample, 0.0)
        at = start.timestamp() + sample[2]
        found += [replace(record, t=at) for record in records]
    return found


def pack_letters(samples: Iterable[Sample], start: datetime, offset_s: float = 0.0) -> list[Letter]:
    """Return what one box sends of some samples: urgent profiles by themselves, the rest in packs.

    Args:
        samples: in rising order of time for each sensor.
        start: the scenario's second 0.
        offset_s: how far the box's clock is ahead, seconds.
    """
    lanes: dict[int, list[Sample]] = {0: [], 1: []}
    for sample in samples:
        lanes[0 if sample[0].profile.priority == 0 else 1].append(sample)
    letters: list[Letter] = []
    for priority, found in lanes.items():
        records: list[Record] = []
        first_s = found[0][2] if found else 0.0
        for sample in found:
            if len(records) > _MOST_RECORDS:
                letters.append(_letter(priority, start, first_s + offset_s, records))
                records, first_s = [], sample[2]
            records.extend(_records(sample, first_s))
        if records:
            letters.append(_letter(priority, start, first_s + offset_s, records))
    return letters


def _letter(priority: int, start: datetime, at_s: float, records: list[Record]) -> Letter:
    at = start + timedelta(seconds=at_s)
    content = tuple(records)

    def compose(stamp: Stamp) -> Readings:
        return Readings(**stamp._asdict(), at=at, records=content)

    if priority == 0:
        return Letter(Channel.URGENT, Kind.URGENT, compose)
    return Letter(Channel.READINGS, Kind.READINGS, compose)
