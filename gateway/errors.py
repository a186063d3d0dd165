"""Errors of the gateway.

GatewayError
├── PacksError          (Permanent) the configured rule packs cannot be compiled and none are in force
├── StoreError          (Transient) a store of the gateway could not be written: disk full, file locked
├── StoreVersionError   (Permanent) a store was written by a newer gateway
├── EventNotFoundError  (Permanent) no journal and no outbox knows the event that was asked for
├── DeliveryError
│   ├── SinkUnavailableError  (Transient) the API did not answer, or not yet: try again later
│   └── EventRefusedError     (Permanent) the API says that these events are wrong: dead letter
├── KeyUnreadableError  (Transient) the file of the API key cannot be read now
├── FleetUnavailableError (Transient) the API's registry did not answer, or not yet
├── GatewaySilentError  (Transient) a running gateway did not tell a series or its figures
├── BackupError         (Permanent) a backup cannot be made, verified or restored
└── TelemetryError      (Transient) a telemetry store refused a batch

Transient errors are retried with back-off by the loop that owns the work, permanent ones need a
person; nothing else decides about retries.
"""

from runtime.errors import Permanent, Transient

__all__ = [
    "BackupError",
    "DeliveryError",
    "EventNotFoundError",
    "EventRefusedError",
    "FleetUnavailableError",
    "GatewayError",
    "GatewaySilentError",
    "KeyUnreadableError",
    "PacksError",
    "SinkUnavailableError",
    "StoreError",
    "StoreVersionError",
    "TelemetryError",
]


class GatewayError(Exception):
    """Base of every error of this package."""


class PacksError(GatewayError, Permanent):
    """The configured rule packs cannot be compiled and none are in force."""


class GatewaySilentError(GatewayError, Transient):
    """A running gateway did not tell a series or its figures."""


class StoreError(GatewayError, Transient):
    """A store of the gateway could not be written."""


class StoreVersionError(GatewayError, Permanent):
    """A store was written by a newer gateway."""


class EventNotFoundError(GatewayError, Permanent):
    """No journal and no outbox knows the event that was asked for."""


class DeliveryError(GatewayError):
    """Base of what a sink raises about a batch of events."""


class SinkUnavailableError(DeliveryError, Transient):
    """The sink did not answer, or not yet; the same batch may succeed later.

    ``retry_after_s`` is for how long it asked to be left alone, seconds; None: it did not.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class EventRefusedError(DeliveryError, Permanent):
    """The sink says that the batch itself is wrong; ``status`` is its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class TelemetryError(GatewayError, Transient):
    """A telemetry store refused a batch."""


class KeyUnreadableError(GatewayError, Transient):
    """The file of the API key cannot be read now: it is missing, or another user's."""


class FleetUnavailableError(GatewayError, Transient):
    """The API's registry did not answer, or refused this gateway; what is known stays in force."""


class BackupError(GatewayError, Permanent):
    """A backup cannot be made, verified or restored; a person has to look."""
