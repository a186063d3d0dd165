"""The box itself as a sensor: what Linux says of its heat, load, memory, disk and clock."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from contracts.envelope import Place
from contracts.readings import Value
from contracts.status import SubjectBirth
from edge.sensors.ports import SensorReading
from edge.sensors.wire_config import HostConfig

__all__ = ["HostInstrument"]

_HOTTEST_CEL = 150.0
"""A sensor of heat beyond this is broken: silicon is not."""


class HostInstrument:
    """Reads ``/sys/class/thermal``, ``/proc`` and the disk; what a machine lacks is left out.

    Args:
        config: name and disk.
        place: where the box stands.
        disk: folder whose disk is watched.
        clock_offset: tells how far the clock is from true time, seconds; None where unknown.
        root: where ``proc`` and ``sys`` are mounted.
    """

    def __init__(
        self,
        config: HostConfig,
        place: Place | None,
        disk: Path,
        clock_offset: Callable[[], float | None],
        root: Path = Path("/"),
    ) -> None:
        self.name = f"host:{config.subject}"
        self.births: tuple[SubjectBirth, ...] = (
            SubjectBirth(subject=config.subject, profile=config.profile, place=place),
        )
        self._config = config
        self._disk = disk
        self._clock_offset = clock_offset
        self._root = root

    def read(self, now: datetime) -> list[SensorReading]:
        """Return what the machine says of itself."""
        found: dict[str, float | None] = {
            "cpu_cel": self._hottest(),
            "load_ratio": self._load(),
            "memory_ratio": self._memory(),
            "disk_ratio": self._disk_used(),
            "clock_offset_s": self._clock_offset(),
        }
        values: dict[str, Value] = {
            name: round(value, 4) for name, value in found.items() if value is not None
        }
        if not values:
            return []
        return [SensorReading(self._config.subject, self._config.profile, now, values)]

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _hottest(self) -> float | None:
        """Return the hottest zone in degrees Celsius. Source: kernel, sysfs-class-thermal."""
        found: list[float] = []
        for zone in self._root.glob("sys/class/thermal/thermal_zone*/temp"):
            try:
                found.append(int(zone.read_text()) / 1000.0)
            except (OSError, ValueError):
                # a zone whose driver is asleep cannot be read; the others can
                continue
        return max((cel for cel in found if -60.0 < cel < _HOTTEST_CEL), default=None)

    def _load(self) -> float | None:
        """Return the processes that ran or waited, a minute's mean, for each processor."""
        try:
            first = (self._root / "proc/loadavg").read_text().split()[0]
            return float(first) / (os.cpu_count() or 1)
        except (OSError, ValueError, IndexError):
            return None

    def _memory(self) -> float | None:
        """Return the share of memory that is not available. Source: proc_meminfo(5)."""
        try:
            lines = (self._root / "proc/meminfo").read_text().splitlines()
            sizes = {line.split(":")[0]: float(line.split()[1]) for line in lines if ":" in line}
            return 1.0 - sizes["MemAvailable"] / sizes["MemTotal"]
        except (OSError, ValueError, LookupError, ZeroDivisionError):
            return None

    def _disk_used(self) -> float | None:
        """Return the share of the disk that the box cannot write to any more. Source: statvfs(3)."""
        try:
            disk = os.statvfs(self._disk)
        except OSError:
            return None
        return 1.0 - disk.f_bavail / disk.f_blocks if disk.f_blocks else None
