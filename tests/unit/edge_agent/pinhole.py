"""A real pinhole camera over a plane, for tests: what a calibration has to find out."""

import math
from dataclasses import dataclass

import numpy as np

from contracts.geometry import from_local_m

ORIGIN = (114.0, 30.5)


@dataclass(frozen=True)
class Pinhole:
    """A camera ``height_m`` above the origin, looking north, ``down_deg`` below the horizon."""

    height_m: float = 8.0
    down_deg: float = 20.0
    focal: float = 1.1
    """Focal length in heights of the picture."""
    aspect: float = 16.0 / 9.0

    def image(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Return where a place on the ground is in the picture, as shares."""
        tilt = math.radians(self.down_deg)
        depth = north_m * math.cos(tilt) + self.height_m * math.sin(tilt)
        down = -north_m * math.sin(tilt) + self.height_m * math.cos(tilt)
        return (
            0.5 + self.focal * east_m / depth / self.aspect,
            0.5 + self.focal * down / depth,
        )

    def pairs(
        self, *places: tuple[float, float]
    ) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        """Return points of the picture and their longitudes and latitudes."""
        image = [self.image(*place) for place in places]
        return image, [from_local_m(ORIGIN, place) for place in places]


CORNERS = ((-6.0, 12.0), (6.0, 12.0), (9.0, 45.0), (-9.0, 45.0), (0.0, 25.0))


def wavering(count: int, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return what a detector's lower edge wavers by: (n, 2), shares of the picture's height."""
    return np.random.default_rng(seed).normal(0.0, 0.0015, (count, 2))
