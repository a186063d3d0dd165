"""What sensors measure: the true values of whole groups as arrays, and the readings of honest sensors.

Every instrument moves on in time and returns the true values of its group for some moments in rising
order; its state (water, fill) goes on from call to call. Readings are the true values with the
sensor's own noise and resolution. Arrays are float64 ``(moments, sensors)`` in base units.
"""

from typing import Any, Protocol

import numpy as np

from simulators.city.air_instruments import Air, DustMeters, SoundMeters
from simulators.city.city import City, SensorGroup
from simulators.city.facility_instruments import Bins, Hydrants, Lamps, Lifts, Manholes
from simulators.city.measured_values import Array, Values
from simulators.city.water_instruments import LevelSensors, RainGauges

__all__ = ["FIELD_KINDS", "Instrument", "instrument_for"]

FIELD_KINDS = {"trapped": "flag", "cover_open": "flag", "occupied": "flag", "source": "text"}
"""Fields that are no numbers: flags are 0 or 1, the source is 1 for construction and 0 for traffic."""


class Instrument(Protocol):
    """One group's senses."""

    def advance(self, at_s: Array) -> Values:
        """Return the true values at moments after all former ones, by field."""
        ...

    def measure(self, true: Values, rng: np.random.Generator) -> Values:
        """Return what honest sensors report of true values."""
        ...


_INSTRUMENTS: dict[str, type[Any]] = {
    "water_level": LevelSensors,
    "rain_gauge": RainGauges,
    "noise": SoundMeters,
    "bin_fill": Bins,
    "manhole": Manholes,
    "fire_water": Hydrants,
    "elevator": Lifts,
    "air": Air,
    "dust": DustMeters,
    "street_lamp": Lamps,
}


def instrument_for(city: City, group: SensorGroup) -> Instrument:
    """Return the senses of a group.

    Raises:
        KeyError: nothing here measures for that profile;
            :data:`simulators.city.city.MEASURED_PROFILES` lists those there are.
    """
    found: Instrument = _INSTRUMENTS[group.profile.name](city, group)
    return found
