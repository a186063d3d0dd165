"""What the gateway needs from outside, each with two implementations at least."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from contracts.readings import Value

__all__ = ["EventSink", "Point", "TelemetryQuery", "TelemetrySink"]


class Point(NamedTuple):
    """One value of one device: ``at_us`` is its own time in microseconds since 1970 UTC."""

    device: str
    metric: str
    at_us: int
    value: Value


class EventSink(Protocol):
    """Where events go: the API over HTTP, or a callable in the same process."""

    def deliver(self, events: Sequence[bytes]) -> None:
        """Hand over encoded events; returning means that all of them are safe there.

        After an error some may be there: delivering them again changes nothing at the sink.

        Raises:
            SinkUnavailableError: not now; the same batch may succeed later.
            EventRefusedError: at least one of them is wrong and will stay so.
        """

    def close(self) -> None:
        """Give up connections."""


class TelemetrySink(Protocol):
    """Where values go. Writing the same point twice leaves one."""

    def write(self, points: Sequence[Point]) -> None:
        """Store a batch.

        Raises:
            TelemetryError: the batch was not stored; the same batch may succeed later.
        """

    def close(self) -> None:
        """Give up files and connections."""


class TelemetryQuery(Protocol):
    """Reading values back."""

    def read(
        self, device: str, metric: str, *, from_us: int, to_us: int, limit: int = 100_000
    ) -> Iterable[Point]:
        """Return a device's values of one metric in [from_us, to_us), oldest first."""
