"""A back-test of whole sensor-years with ``cityloop rules replay``, as a user runs it."""

import math
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

__all__ = ["measure_backtest"]

_MINUTES = 365 * 24 * 60
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


def _replay(pack: Path, data: Path) -> float:
    command = [sys.executable, "-m", "cityloop", "rules", "replay", str(pack), "--from", str(data)]
    began = time.perf_counter()
    subprocess.run([*command, "--json"], check=True, capture_output=True, timeout=300)
    return time.perf_counter() - began


def measure_backtest() -> dict[str, float]:
    """Return the seconds that a sensor-year takes: the better of two runs, start of Python included."""
    with tempfile.TemporaryDirectory() as name:
        pack, year = Path(name) / "pack.yaml", Path(name) / "uw-01.csv"
        pack.write_text(_PACK, encoding="utf-8")
        _write_year(year, "uw-01")
        return {"backtest_sensor_year_s": round(min(_replay(pack, year) for _ in range(2)), 2)}
