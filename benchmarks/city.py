"""``python -m benchmarks city``: how fast a made-up city measures, and sits its exam."""

import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from cityloop.exam.sitting import sit
from contracts.event import Title
from simulators.city.city import City
from simulators.city.city_builder import build_city
from simulators.city.city_document import load_city
from simulators.city.declaration import (
    ScenarioDeclaration,
    SensorDeclaration,
    StormDeclaration,
    WeatherDeclaration,
)
from simulators.city.signals import Signals

__all__ = ["main"]

_RUNS = 3
_LASTS_S = 7200.0


def _fail(path: object, message: str) -> Exception:
    return ValueError(f"{path}: {message}")


def _load_city() -> City:
    """Return 100,000 sensors that report once a minute, an hour of rain in two hours."""
    declared = ScenarioDeclaration(
        name="load",
        title=Title(zh="负载", en="Load"),
        start=datetime(2026, 7, 1, tzinfo=UTC),
        lasts="2h",
        sensors=[
            SensorDeclaration(id="rain", profile="rain_gauge", count=50_000),
            SensorDeclaration(id="dust", profile="dust", count=50_000),
        ],
        weather=WeatherDeclaration(storms=[StormDeclaration(at="10m", lasts="60m")]),
    )
    return build_city(declared, 1, _fail)


def _measure(city: City) -> tuple[int, float]:
    begun_s = time.process_time()
    samples = sum(
        one.at_s.size * one.group.count
        for stretches in Signals(city, city.lasts_s)
        for one in stretches
    )
    return samples, time.process_time() - begun_s


def main(*, as_json: bool) -> None:
    """Print how many times faster than real 100,000 sensors measure on one core, and an exam's pace."""
    city = _load_city()
    runs = [_measure(city) for _ in range(_RUNS)]
    spent_s = median(seconds for _, seconds in runs)
    quick = load_city("facilities-week", 1)
    with tempfile.TemporaryDirectory() as folder:
        sitting = sit(quick, Path(folder), until_s=quick.quick_s)
    figures = {
        "sensors": 100_000,
        "values_per_s": round(runs[0][0] / spent_s),
        "times_real_time": round(_LASTS_S / spent_s),
        "exam_samples_per_s": round(sitting.samples / sitting.wall_s),
        "exam_times_real_time": round(sitting.until_s / sitting.wall_s),
    }
    if as_json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:24} {value:>12,}")
