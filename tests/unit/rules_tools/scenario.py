"""Packs and data for the tests of the rule tools."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from cityloop.rules_tools.findings import CheckedPack
from cityloop.rules_tools.sources.mapping import TableMapping
from cityloop.rules_tools.sources.opening import StoredData
from cityloop.rules_tools.sources.table import ReadingTable
from contracts.profiles import PROFILES
from gateway.rule_packs import PackSource, compile_packs

T0 = 1_767_225_600.0
"""2026-01-01T00:00:00Z: where every scenario begins; times in scenarios count from here."""

FLOOD = """\
rules:
- id: waterlogging
  event: {type: water.ponding, dedupe: [subject]}
  watch: {profile: water_level}
  key: [subject]
  ladder:
  - {level: blue, when: depth_m >= 15 cm, clear: depth_m < 12 cm, for: 60s, clear_for: 5m}
  - {level: red, when: depth_m >= 40 cm, clear: depth_m < 35 cm, for: 20s, clear_for: 2m}
"""

FLOOD_SERIES = ((0.0, 0.1), (60.0, 0.2), (180.0, 0.5), (300.0, 0.1), (360.0, 0.1), (660.0, 0.1))
"""Seconds and depths: blue is raised at 180 s (60 s after 60 s the
last value is stale), red at 200 s, the end is at 300 s."""

Reading = tuple[float, str, float | None]


def packs(*texts: str) -> list[CheckedPack]:
    """Return compiled packs."""
    sources = [PackSource(f"pack-{number}.yaml", text) for number, text in enumerate(texts)]
    return [
        CheckedPack(pack, source)
        for pack, source in zip(compile_packs(sources), sources, strict=True)
    ]


def table(readings: Iterable[Reading]) -> StoredData:
    """Return water levels as a table: seconds into the scenario, sensor, depth."""
    found = ReadingTable(Path("memory.csv"), TableMapping(), PROFILES["water_level"], ("depth_m",))
    for at, subject, depth_m in readings:
        found.at.append(T0 + at)
        found.subjects.append(subject)
        found.values["depth_m"].append(depth_m)
    return StoredData("memory.csv", "table", table=found)


def flood(subject: str = "uw-01") -> StoredData:
    """Return the table of one flood."""
    return table((at, subject, depth_m) for at, depth_m in FLOOD_SERIES)


def write_csv(path: Path, rows: Sequence[tuple[float, float]] = FLOOD_SERIES) -> Path:
    """Write readings of one sensor as a CSV; return its path."""
    lines = ["at,subject,depth_m", *(f"{T0 + at:.0f},uw-01,{depth}" for at, depth in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
