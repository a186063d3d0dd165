"""What a picture is about."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.analytics.occupancy import PEOPLE, VEHICLES

__all__ = ["Plates", "Subject"]

_OPEN = frozenset({"bicycle", "motorcycle", "motor", "tricycle", "two_wheeler"})
"""Class names of vehicles whose rider's face is in the open."""


class Plates(NamedTuple):
    """What may be plates in a vehicle: float64 (n, 4), pixels; whether one of them surely is one."""

    xyxy: NDArray[np.float64]
    sure: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """The one thing in a picture that it is taken for.

    Attributes:
        label: its class name.
        xyxy: its box in pixels: left, top, right, bottom.
    """

    label: str
    xyxy: tuple[float, float, float, float]

    @property
    def is_person(self) -> bool:
        """Whether it is a person by its class."""
        return self.label in PEOPLE

    @property
    def is_vehicle(self) -> bool:
        """Whether it is a vehicle by its class."""
        return self.label in VEHICLES

    @property
    def is_enclosed(self) -> bool:
        """Whether it is a vehicle whose people sit behind glass."""
        return self.is_vehicle and self.label not in _OPEN
