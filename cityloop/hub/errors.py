"""Errors of the hub.

HubError
├── ServerMissing     nats-server is not installed
├── ServerDied        it ended by itself, or never became healthy
├── StreamRefused     a stream could not be made as configured
└── RegistryError     a box is registered twice, or its password cannot be used

All are permanent: a person has to act. ``cityloop hub run`` ends with them.
"""

from runtime.errors import Permanent

__all__ = ["HubError", "RegistryError", "ServerDied", "ServerMissing", "StreamRefused"]


class HubError(RuntimeError, Permanent):
    """Base of the hub's errors."""


class ServerMissing(HubError):
    """There is no nats-server to start."""


class ServerDied(HubError):
    """nats-server ended by itself, or did not become healthy in time."""


class StreamRefused(HubError):
    """The server did not make or change a stream."""


class RegistryError(HubError):
    """A box cannot be registered."""
