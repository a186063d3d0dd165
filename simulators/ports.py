"""The port through which a simulated box speaks.

Two adapters: :mod:`simulators.gateway_post` (outbox and uplink: kept until the gateway has it) and
:mod:`simulators.broker_post` (any broker, nobody else needed). Both run over a real session or the
in-memory hub.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from contracts.envelope import Channel
from contracts.status import Status
from runtime.outbox import Letter

__all__ = ["Post"]


class Post(Protocol):
    """Where a simulated box puts its letters."""

    box: str
    boot_id: str
    counters: dict[str, int]
    """They only grow."""

    @property
    def connected(self) -> bool:
        """Whether the broker can be reached now."""
        ...

    @property
    def backlog(self) -> int:
        """How many messages have not reached whom they are for."""
        ...

    def start(self) -> None:
        """Begin to connect; returns at once."""
        ...

    def send(self, letters: Sequence[Letter]) -> None:
        """Take messages over, all or none.

        Raises:
            Transient: no room now; try the same letters again later.
        """
        ...

    def publish_status(self, status: Status) -> None:
        """Publish the box's status, retained, as soon as it can."""
        ...

    def step(self, now: datetime) -> None:
        """Send what is due and hear what came in; never waits."""
        ...

    def ledger(self) -> dict[tuple[str, Channel], int]:
        """Return how many messages the box was given, by boot and channel: exactly."""
        ...

    def wait(self, timeout_s: float) -> None:
        """Wait until something came in, ``timeout_s`` real seconds at most."""
        ...

    def close(self) -> None:
        """Say goodbye to the broker and let go of files."""
        ...
