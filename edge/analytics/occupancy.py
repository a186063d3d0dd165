"""How full a zone is."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["PEOPLE", "VEHICLES", "Occupancy", "occupied_ratio"]

PEOPLE = frozenset({"person", "pedestrian", "people"})
"""Class names that are people. Source: COCO, VisDrone."""

VEHICLES = frozenset(
    {
        "bicycle", "car", "motorcycle", "motor", "bus", "truck", "van", "tricycle", "vehicle",
        "truck_bus", "two_wheeler",
    }
)  # fmt: skip
"""Class names that are vehicles. Source: COCO, VisDrone, our background detector's label, and the detector
that ships."""


class Occupancy:
    """Counts of one moment: who is inside, by kind.

    Args:
        labels: class name of every track inside the zone.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self.people = sum(label in PEOPLE for label in labels)
        self.vehicles = sum(label in VEHICLES for label in labels)
        self.objects = len(labels)


def occupied_ratio(
    polygon: tuple[tuple[float, float], ...], boxes_xyxy: NDArray[np.float64]
) -> float:
    """Return the share (0..1) of a zone's area that the union of boxes covers.

    Args:
        polygon: corners (x, y), normalised to the picture.
        boxes_xyxy: float (n, 4), left, top, right, bottom, in the same scale; n may be 0.
    """
    if len(boxes_xyxy) == 0:
        return 0.0
    zone = shapely.Polygon(polygon)
    left, top, right, bottom = np.asarray(boxes_xyxy, float).T
    covered = shapely.intersection(shapely.union_all(shapely.box(left, top, right, bottom)), zone)
    return float(min(shapely.area(covered) / zone.area, 1.0))
