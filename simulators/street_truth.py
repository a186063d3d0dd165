"""The truth about a drawn clip in one document, with the line and the zone it is about."""

from msgspec import Struct

from contracts.geometry import Point
from simulators.street_traffic import (
    COUNT_LINE,
    FIRE_LANE,
    HEIGHT_PX,
    WIDTH_PX,
    Crossing,
    Stay,
    Vehicle,
    crossings,
    stays,
)

__all__ = ["StreetTruth", "street_truth"]


class StreetTruth(Struct, frozen=True, kw_only=True):
    """What is to be found in a clip. Line and zone are in shares of the picture, 0..1."""

    line: tuple[Point, Point]
    fire_lane: tuple[Point, ...]
    crossings: tuple[Crossing, ...]
    stays: tuple[Stay, ...]

    @property
    def forward(self) -> int:
        """Crossings rightwards."""
        return sum(1 for crossing in self.crossings if crossing.direction == "forward")

    @property
    def backward(self) -> int:
        """Crossings leftwards."""
        return len(self.crossings) - self.forward


def street_truth(vehicles: tuple[Vehicle, ...], seconds: float) -> StreetTruth:
    """Return the truth about a clip of ``seconds`` with these vehicles."""

    def share(point: Point) -> Point:
        return round(point[0] / WIDTH_PX, 6), round(point[1] / HEIGHT_PX, 6)

    return StreetTruth(
        line=(share(COUNT_LINE[0]), share(COUNT_LINE[1])),
        fire_lane=tuple(share(corner) for corner in FIRE_LANE),
        crossings=tuple(crossings(vehicles, seconds)),
        stays=tuple(stays(vehicles, seconds)),
    )
