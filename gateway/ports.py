"""What the gateway needs from outside, each with two implementations at least."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from contracts.readings import Value
from runtime.session import Inbound

__all__ = ["Bucket", "EventSink", "Lane", "Point", "TelemetryQuery", "TelemetrySink"]


class Point(NamedTuple):
    """One value of one device: ``at_us`` is its own time in microseconds since 1970 UTC."""

    device: str
    metric: str
    at_us: int
    value: Value


class Bucket(NamedTuple):
    """The numbers of one device and metric within one step of time."""

    at_us: int
    """Beginning of the step, microseconds since 1970 UTC."""
    n: int
    """How many numbers."""
    minimum: float
    maximum: float
    total: float

    @property
    def mean(self) -> float:
        """Arithmetic mean."""
        return self.total / self.n

    def merged(self, other: "Bucket") -> "Bucket":
        """Return both as one; the moment is this one's."""
        return Bucket(
            self.at_us,
            self.n + other.n,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.total + other.total,
        )


class Lane(Protocol):
    """One way in from the hub; several of them, in their order of urgency, are an intake.

    Messages come at least once, and again after a reconnect until they were settled. What is handed
    over and not settled is bounded: a full lane leaves the rest to the hub.
    """

    name: str
    """What the lane is called in figures."""

    counters: dict[str, int]
    """What happened to it; they only grow."""

    @property
    def in_force(self) -> bool:
        """Whether the hub has confirmed that it will send everything that the lane asks for."""
        ...

    @property
    def held(self) -> int:
        """Messages that came from the hub and are not settled."""
        ...

    @property
    def waiting(self) -> int:
        """Messages that the hub is known to hold back for the lane; 0 where it does not say."""
        ...

    def start(self) -> None:
        """Ask for messages and begin to connect; returns at once."""
        ...

    def receive(self, limit: int) -> list[Inbound]:
        """Return what has come in, oldest first, at most ``limit``; never waits."""
        ...

    def settle(self) -> None:
        """Tell the hub that all that was received so far is journalled and need not come again."""
        ...

    def close(self) -> None:
        """Say goodbye; the hub keeps what comes meanwhile."""
        ...


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

    @property
    def counters(self) -> Counter[str]:
        """What it counts; names are its own."""

    waiting: int
    """Points that it has taken and not yet brought to where they belong."""

    def write(self, points: Sequence[Point]) -> None:
        """Store a batch.

        Raises:
            TelemetryError: the batch was not stored; the same batch may succeed later.
        """

    def tend(self) -> bool:
        """Do a short piece of upkeep; return whether there is more to do.

        Raises:
            TelemetryError: not now; it will be tried again.
        """

    def close(self) -> None:
        """Give up files and connections."""


class TelemetryQuery(Protocol):
    """Reading values back; TelemetryError where the store cannot be read."""

    def read(
        self, device: str, metric: str, *, from_us: int, to_us: int, limit: int = 100_000
    ) -> Sequence[Point]:
        """Return a device's values of one metric in [from_us, to_us), oldest first."""

    def summarise(
        self, device: str, metric: str, *, from_us: int, to_us: int, step_s: int
    ) -> Sequence[Bucket]:
        """Return count, minimum, maximum and mean per step in [from_us, to_us), oldest first.

        Steps begin at multiples of ``step_s`` since 1970 and are taken whole; texts count for
        nothing, and steps without a number are left out.
        """

    def metrics(self, device: str) -> Sequence[str]:
        """Return the names of what a device has reported, sorted."""
