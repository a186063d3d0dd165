"""A back-test of whole sensor-years with ``cityloop rules replay``, as a user runs it."""

import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

__all__ = ["measure_backtest"]

_MINUTES = 365 * 24 * 60
_YEARS, _JOBS = 8, 2
_PACK = """rules:
- id: waterlogging
  event: {type: water.ponding, dedupe: [subject]}
  watch: {profile: water_level}
  key: [subject]
  ladder:
  - {level: blue, when: depth_m >= 15 cm, clear: depth_m < 12 cm, for: 60s, clear_for: 5m}
  - {level: yellow, when: depth_m >= 27 cm, clear: depth_m < 23 cm, for: 60s, clear_for: 5m}
  - {level: red, when: depth_m >= 40 cm, clear: depth_m < 35 cm, for: 60s, clear_for: 5m}
"""


def _write_year(path: Path, subject: str) -> None:
    """Write a year at one minute: a flood of hours every ninth day, else a few centimetres."""
    start = datetime(2025, 1, 1, tzinfo=UTC)
    with path.open("w", encoding="ascii") as file:
        file.write("at,subject,depth_m\n")
        for minute in range(_MINUTES):
            into = minute % (9 * 1440)
            depth = (
                0.45 * math.sin(math.pi * into / 360) if into < 360 else 0.02 + minute % 7 / 1000
            )
            at = start + timedelta(minutes=minute)
            file.write(f"{at:%Y-%m-%dT%H:%M:%SZ},{subject},{depth:.3f}\n")


class _Time(NamedTuple):
    wall_s: float
    processor_s: float


def _replay(pack: Path, years: Sequence[Path], jobs: int = 1) -> _Time:
    command = [sys.executable, "-m", "cityloop", "rules", "replay", str(pack)]
    data = [argument for year in years for argument in ("--from", str(year))]
    began, before = time.perf_counter(), _children_s()
    subprocess.run(
        [*command, *data, "--jobs", str(jobs), "--json"],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return _Time(time.perf_counter() - began, _children_s() - before)


def _side_by_side(pack: Path, years: Sequence[Path]) -> float:
    """Return the seconds that two processes take which know nothing of each other, half the years each."""
    half = len(years) // 2
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda share: _replay(pack, share), (years[:half], years[half:])))
    return time.perf_counter() - began


def _children_s() -> float:
    """Return the processor time of processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure_backtest() -> dict[str, float]:
    """Return the seconds that a sensor-year takes, and how eight of them scale with processes.

    Wall clock, start of Python included; the better of two runs of the one year. What the machine itself
    gives to two processes is beside it: two that share nothing, against one that does the work of both.
    """
    with tempfile.TemporaryDirectory() as name:
        pack = Path(name) / "pack.yaml"
        pack.write_text(_PACK, encoding="utf-8")
        years = [Path(name) / f"uw-{number}.csv" for number in range(_YEARS)]
        for year in years:
            _write_year(year, year.stem)
        one = min(_replay(pack, years[:1]) for _ in range(2))
        alone, together = _replay(pack, years), _replay(pack, years, _JOBS)
        apart = _side_by_side(pack, years)
    return {
        "backtest_sensor_year_s": round(one.wall_s, 2),
        "backtest_sensor_year_processor_s": round(one.processor_s, 2),
        "backtest_8_years_s": round(alone.wall_s, 2),
        "backtest_8_years_2_jobs_s": round(together.wall_s, 2),
        "backtest_scaling_2_jobs": round(alone.wall_s / together.wall_s, 2),
        "backtest_scaling_of_the_machine": round(alone.wall_s / apart, 2),
    }
