"""Errors of the simulators.

SimulatorError
├── ScenarioError    permanent: a scenario or a parameter that cannot be simulated
└── ClipError        permanent: a clip that cannot be written
"""

__all__ = ["ClipError", "ScenarioError", "SimulatorError"]


class SimulatorError(Exception):
    """Base of every error of this package."""


class ScenarioError(SimulatorError, ValueError):
    """A scenario is unknown, or a parameter of it is outside what can be simulated; permanent."""


class ClipError(SimulatorError):
    """A clip cannot be written: wrong size, no encoder, or a path that is no place; permanent."""
