"""A city written down: its readings as SenML lines, and what was true as JSON."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from simulators.city.city import City
from simulators.city.city_letters import pack_records
from simulators.city.incident_truth import Incident, TruthBook
from simulators.city.sample_flow import SampleFlow

__all__ = ["Recorded", "record_city"]


class Recorded(Struct, frozen=True, kw_only=True):
    """What was written."""

    lines: int
    samples: int
    incidents: tuple[Incident, ...]


def record_city(
    city: City,
    readings: Path,
    truth: Path | None = None,
    *,
    until_s: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Recorded:
    """Write a scenario's readings, one SenML pack (RFC 8428) for each box and step.

    Args:
        city: the scenario.
        readings: file for the lines; is replaced.
        truth: file for the incidents and faults, JSON; None: none is written.
        until_s: second of the scenario to stop at; default its end.
        progress: is told the second of the scenario after every step.

    Raises:
        OSError: a file cannot be written.
    """
    until_s = city.lasts_s if until_s is None else min(until_s, city.lasts_s)
    book = TruthBook(city)
    flow = SampleFlow(city, until_s, book.add)
    encoder = msgspec.json.Encoder()
    lines, elapsed_s = 0, 0.0
    with readings.open("wb") as file:
        while elapsed_s < until_s:
            elapsed_s = min(elapsed_s + city.step_s, until_s)
            for samples in flow.take(elapsed_s).values():
                records = pack_records(samples, city.start)
                if records:
                    file.write(encoder.encode(records) + b"\n")
                    lines += 1
            if progress is not None:
                progress(elapsed_s)
    incidents = tuple(book.incidents())
    if truth is not None:
        truth.write_bytes(msgspec.json.format(encoder.encode(_truth(city, incidents)), indent=2))
    return Recorded(lines=lines, samples=flow.count, incidents=incidents)


def _truth(city: City, incidents: tuple[Incident, ...]) -> dict[str, Any]:
    return {
        "scenario": city.name,
        "seed": city.seed,
        "start": city.start,
        "incidents": incidents,
        "faults": city.faults,
        "links": city.links,
    }
