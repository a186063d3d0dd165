"""A scenario made ready to run: sensors with places, boxes, storms, and everything that will go wrong.

A function of the declaration and the seed; nothing here depends on the order of calls.
"""

import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from contracts.event import Title
from contracts.geometry import from_local_m
from contracts.profiles import DeviceProfile
from simulators.city.citizen_declaration import CitizensDeclaration
from simulators.city.declaration import (
    MapDeclaration,
    SensorDeclaration,
)
from simulators.city.run_off import Tributary
from simulators.city.scene_cameras import SceneCamera
from simulators.city.street_map import StreetMap
from simulators.rainstorm import Rainstorm

__all__ = [
    "MEASURED_PROFILES",
    "Box",
    "City",
    "Fault",
    "Happening",
    "LinkLoss",
    "SensorGroup",
    "stream_of",
]

DAY_S = 86_400.0

MEASURED_PROFILES = frozenset(
    {
        "air",
        "bin_fill",
        "dust",
        "elevator",
        "fire_water",
        "manhole",
        "noise",
        "rain_gauge",
        "street_lamp",
        "water_level",
    }
)
"""Device profiles that a city has instruments for."""


class SensorGroup(Struct, frozen=True, kw_only=True, eq=False):
    """Equal sensors. ``east_m``, ``north_m``: float64 ``(count,)``, metres from the map's centre."""

    id: str
    profile: DeviceProfile
    declaration: SensorDeclaration
    subjects: tuple[str, ...]
    east_m: np.ndarray[Any, np.dtype[np.float64]]
    north_m: np.ndarray[Any, np.dtype[np.float64]]

    @property
    def count(self) -> int:
        """How many sensors."""
        return len(self.subjects)


class Happening(Struct, frozen=True, kw_only=True):
    """Something that goes wrong in the world from ``start_s`` to ``end_s``."""

    cause: str
    group: str
    index: int
    """Which sensor of the group it happens to, or near which."""
    start_s: float
    end_s: float
    size: float
    bearing_deg: float
    """Direction from the sensor, for works."""
    distance_m: float
    """Distance from the sensor, for works."""


class Fault(Struct, frozen=True, kw_only=True):
    """A broken device from ``start_s`` to ``end_s``."""

    kind: str
    group: str
    index: int
    subject: str
    box: str
    start_s: float
    end_s: float
    size: float | None


class LinkLoss(Struct, frozen=True, kw_only=True):
    """Boxes without the hub from ``start_s`` to ``end_s``."""

    boxes: tuple[str, ...]
    start_s: float
    end_s: float


class Box(Struct, frozen=True, kw_only=True):
    """One box and what speaks through it: (group, index) each."""

    name: str
    sensors: tuple[tuple[str, int], ...]


class City(Struct, frozen=True, kw_only=True, eq=False):
    """A scenario, ready to run. Times are seconds since its start."""

    name: str
    title: Title
    seed: int
    start: datetime
    lasts_s: float
    quick_s: float
    step_s: float
    packs: tuple[str, ...]
    map: MapDeclaration
    storms: tuple[Rainstorm, ...]
    groups: tuple[SensorGroup, ...]
    boxes: tuple[Box, ...]
    happenings: tuple[Happening, ...]
    faults: tuple[Fault, ...]
    links: tuple[LinkLoss, ...]
    ignore: frozenset[str]
    cameras: tuple[SceneCamera, ...] = ()
    citizens: CitizensDeclaration | None = None
    streets: StreetMap = StreetMap()
    run_off: dict[str, tuple[Tributary, ...]] = {}
    """By water-level sensor: the streets that drain into its low point."""
    folder: Path = Path()
    """Where its document lies: what it names is taken from there."""

    def local_hour(self, at_s: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
        """Return the local hour of the day, 0 to 24, at seconds since the start."""
        utc_s = self.start.timestamp() + at_s
        return (utc_s / 3600.0 + self.map.utc_offset_h) % 24.0

    def place(self, group: SensorGroup, index: int) -> tuple[float, float]:
        """Return where a sensor stands: longitude and latitude, WGS 84 degrees."""
        offset = (float(group.east_m[index]), float(group.north_m[index]))
        return from_local_m(self.map.centre, offset)

    def group(self, name: str) -> SensorGroup:
        """Return a group by its id.

        Raises:
            KeyError: there is none of that name.
        """
        for group in self.groups:
            if group.id == name:
                return group
        raise KeyError(name)


def stream_of(seed: int, *names: str, chunk: int = 0) -> np.random.Generator:
    """Return a stream of random numbers of its own for every seed, name and chunk."""
    name = "/".join((*names, str(chunk)))
    key = (seed & 0xFFFFFFFF) << 32 | zlib.crc32(name.encode())
    return np.random.Generator(np.random.Philox(key=key))
