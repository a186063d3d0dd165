"""What a picture is about."""

from dataclasses import dataclass

from edge.analytics.occupancy import PEOPLE, VEHICLES

__all__ = ["Subject"]


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
