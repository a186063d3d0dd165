"""A journal of mixed devices, as a gateway writes it, and packs of ladders over them."""

import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from contracts.codec import encode
from contracts.envelope import Channel
from contracts.profiles import PROFILES
from contracts.readings import Readings, Record, moment
from contracts.topics import Kind, box_topic
from gateway.rule_packs import PackSource
from runtime.journal import Journal, JournalKind

__all__ = ["DISTRICT", "T0", "Load", "packs", "write_journal"]

DISTRICT = "nanshan"
T0 = 1_767_225_600
_SITE, _BOOT = "bench", "00000000000000aa"
_PERIOD_S = 1_200.0
"""From flood to flood: a busy device rises through all three levels and falls again."""
_BUSY_EVERY = 20
"""One device in so many is busy; the others move a little below the first level. A city of 100,000
sensors that report every 10 s raises a million events a day at most, one in 900 readings (REL-01)."""
_QUIET = 0.5
"""Where the others lie: this share of the first level."""
_EVERY_S = 10
_DELAY_US = 200_000
_SHIPPED = Path(__file__).resolve().parents[2] / "rules" / "packs" / "sensors.yaml"


class _Kind(NamedTuple):
    """A class of sensor: three thresholds, how far apart raising and clearing are, and its noise."""

    share: int
    field: str
    levels: tuple[float, float, float]
    gap: float
    top: float
    noise: float


_KINDS = {
    "water_level": _Kind(6, "depth_m", (0.15, 0.27, 0.40), 0.03, 0.50, 0.004),
    "noise": _Kind(4, "dba", (70.0, 80.0, 90.0), 3.0, 95.0, 1.0),
    "rain_gauge": _Kind(2, "rain_mm_h", (20.0, 35.0, 50.0), 5.0, 60.0, 1.0),
    "dust": _Kind(2, "pm10_ug_m3", (300.0, 600.0, 1000.0), 50.0, 1200.0, 12.0),
    "air": _Kind(2, "pm25_ug_m3", (115.0, 150.0, 250.0), 15.0, 300.0, 4.0),
    "bin_fill": _Kind(2, "fill_ratio", (0.6, 0.8, 0.9), 0.05, 0.98, 0.01),
    "fire_water": _Kind(2, "pressure_kpa", (400.0, 500.0, 600.0), 20.0, 700.0, 3.0),
}


class Load(NamedTuple):
    """How much there is.

    Attributes:
        devices: sensors, mixed; each reports every ten seconds.
        seconds: for how long, in event time.
        pack: readings in a message.
    """

    devices: int
    seconds: int
    pack: int


def packs(rules: int) -> tuple[PackSource, ...]:
    """Return a pack with so many three-step ladders for each class, and the gates that ship."""
    lines = ["rules:"]
    for profile, kind in _KINDS.items():
        for index in range(rules):
            lines.append(f"- id: {profile}-{index}")
            lines.append("  event: {type: bench.level, dedupe: [subject]}")
            lines.append(f"  watch: {{profile: {profile}}}\n  key: [subject]\n  ladder:")
            for level, threshold in zip(("blue", "yellow", "red"), kind.levels, strict=True):
                raised = threshold * (1 + index / 100)
                lines.append(
                    f"  - {{level: {level}, when: {kind.field} >= {raised:.4f}, "
                    f"clear: {kind.field} < {raised - kind.gap:.4f}, for: 60s, clear_for: 5m}}"
                )
    return (
        PackSource("ladders.yaml", "\n".join(lines) + "\n"),
        PackSource("sensors.yaml", _SHIPPED.read_text("utf-8")),
    )


class _Device(NamedTuple):
    name: str
    profile: str
    phase: float
    busy: bool


def _devices(count: int) -> list[_Device]:
    row = [profile for profile, kind in _KINDS.items() for _ in range(kind.share)]
    return [
        _Device(
            f"{row[n % len(row)].replace('_', '-')}-{n}",
            row[n % len(row)],
            n / count,
            n % _BUSY_EVERY == 0,
        )
        for n in range(count)
    ]


def _record(device: _Device, second: int, rng: random.Random) -> Record:
    kind = _KINDS[device.profile]
    wave = math.sin(2.0 * math.pi * (second / _PERIOD_S + device.phase))
    level = max(0.0, wave) * kind.top if device.busy else kind.levels[0] * _QUIET * (1 + wave / 4)
    value = level + rng.gauss(0.0, kind.noise)
    field = PROFILES[device.profile].field(kind.field)
    assert field is not None
    low = field.minimum or 0.0
    return Record(
        bn=f"{device.name}/",
        profile=device.profile,
        n=kind.field,
        u=field.unit,
        v=round(max(low, value), 4),
    )


def _messages(load: Load) -> Iterator[tuple[int, str, bytes]]:
    """Yield second, topic and payload of every message, in order."""
    rng = random.Random(7)
    devices = _devices(load.devices)
    boxes = [devices[at : at + load.pack] for at in range(0, len(devices), load.pack)]
    seqs = [0] * len(boxes)
    for second in range(load.seconds):
        for index in range(second % _EVERY_S, len(boxes), _EVERY_S):
            name, seq = f"box-{index}", seqs[index]
            seqs[index] += 1
            at = moment(float(T0 + second))
            message = Readings(
                id=f"{name}/{_BOOT}/readings/{seq}",
                box=name,
                boot_id=_BOOT,
                channel=Channel.READINGS,
                seq=seq,
                at=at,
                sent_at=at,
                records=tuple(_record(device, second, rng) for device in boxes[index]),
            )
            yield second, box_topic(DISTRICT, _SITE, name, Kind.READINGS), encode(message)


def write_journal(folder: Path, load: Load) -> int:
    """Write a journal and return how many readings it holds; a tick stands before every second."""
    journal = Journal(folder, sync=False)
    entries: list[tuple[JournalKind, int, str, bytes]] = []
    last, messages = -1, 0
    for second, topic, payload in _messages(load):
        if second != last:
            last = second
            entries.append((JournalKind.TICK, (T0 + second) * 1_000_000, "", b""))
        entries.append((JournalKind.MESSAGE, (T0 + second) * 1_000_000 + _DELAY_US, topic, payload))
        messages += 1
        if len(entries) >= 1_000:
            journal.append(entries)
            entries = []
    journal.append(entries)
    journal.close()
    return messages * load.pack
