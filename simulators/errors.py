"""Errors of the simulators.

SimulatorError
├── ScenarioError    permanent: a scenario or a parameter that cannot be simulated
├── LoadError        transient: the broker of a load cannot be reached, or turns it away
├── ClipError        permanent: a clip that cannot be written
└── WireError        permanent: an address where no simulated sensor can be served
"""

__all__ = ["ClipError", "LoadError", "ScenarioError", "SimulatorError", "WireError"]


class SimulatorError(Exception):
    """Base of every error of this package."""


class ScenarioError(SimulatorError, ValueError):
    """A scenario is unknown, or a parameter of it is outside what can be simulated; permanent."""


class LoadError(SimulatorError):
    """The broker of a load cannot be reached, or turns the login away; transient."""


class ClipError(SimulatorError):
    """A clip cannot be written: wrong size, no encoder, or a path that is no place; permanent."""


class WireError(SimulatorError):
    """Simulated sensors cannot be served there: the port is taken, or there are too many; permanent."""
