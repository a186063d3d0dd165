"""Speaking to a gateway: every message stays in an outbox until the gateway has journalled it."""

from collections.abc import Sequence
from datetime import datetime

from contracts.envelope import Channel
from contracts.status import Status
from runtime.outbox import Letter, Outbox
from runtime.session import Session
from runtime.uplink import Uplink

__all__ = ["GatewayPost"]


class GatewayPost:
    """One box over an uplink.

    Args:
        outbox: where messages wait; closed with this post.
        session: the way to the hub; started and closed by this post.
        district: first level of the box's topics.
        site: second level.
    """

    def __init__(self, *, outbox: Outbox, session: Session, district: str, site: str) -> None:
        self.box = outbox.box
        self.boot_id = outbox.boot_id
        self._outbox = outbox
        self._session = session
        self._uplink = Uplink(
            outbox=outbox,
            session=session,
            district=district,
            site=site,
            box=outbox.box,
            boot_id=outbox.boot_id,
        )
        self.counters = self._uplink.counters

    @property
    def connected(self) -> bool:
        """Whether the hub can be reached now."""
        return self._session.connected

    @property
    def backlog(self) -> int:
        """How many messages the gateway has not confirmed."""
        return self._uplink.backlog

    def start(self) -> None:
        """Begin to connect to the hub."""
        self._session.start()

    def send(self, letters: Sequence[Letter]) -> None:
        """Store messages; they are durable when this returns.

        Raises:
            OutboxFull: no room on the disk now; nothing of the batch is stored.
        """
        self._uplink.send(letters)

    def publish_status(self, status: Status) -> None:
        """Publish the box's status, retained."""
        self._uplink.publish_status(status)

    def step(self, now: datetime) -> None:
        """Send what is due and hear acknowledgements; a simulator obeys no configuration."""
        self._uplink.step(now)

    def ledger(self) -> dict[tuple[str, Channel], int]:
        """Return how many messages were enqueued, as the outbox counted them, former boots too."""
        return self._outbox.ledger()

    def wait(self, timeout_s: float) -> None:
        """Wait until something came in."""
        self._session.wait(timeout_s)

    def close(self) -> None:
        """Say goodbye; what the gateway has not confirmed stays in the outbox's file."""
        self._uplink.close()
        self._outbox.close()
