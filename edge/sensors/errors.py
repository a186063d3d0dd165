"""Errors of the sensor drivers.

SensorError
├── SensorFault  Transient  a sensor does not answer, or answers rubbish: polled again later
└── SensorSetup  Permanent  a file, profile or field that no retry can cure: a person acts
"""

from edge.errors import EdgeError
from runtime.errors import Permanent, Transient

__all__ = ["SensorError", "SensorFault", "SensorSetup"]


class SensorError(EdgeError):
    """Something about one sensor driver."""


class SensorFault(SensorError, Transient):
    """A sensor did not answer; trying again may help."""


class SensorSetup(SensorError, Permanent):
    """A driver's configuration or file is wrong; only a person can put it right."""
