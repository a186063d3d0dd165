"""Both sides of the fleet in one object: what the service starts, steps and closes."""

from collections.abc import Callable
from datetime import datetime

from gateway.identity.desk import FleetDesk
from gateway.identity.link import FleetLink

__all__ = ["Fleet"]


class Fleet:
    """The worker's desk and the link to the API."""

    def __init__(self, desk: FleetDesk, link: FleetLink) -> None:
        self.desk = desk
        self.link = link

    def start(self) -> None:
        """Begin where the state left off."""
        self.desk.start(self.link)

    def step(self, now: datetime) -> None:
        """Do the worker's part."""
        self.desk.step(self.link, now)

    def run(
        self,
        stopped: Callable[[float], bool],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        """Do the network's part until ``stopped``; for a thread of its own."""
        self.link.run(stopped, clock, monotonic)

    def close(self) -> None:
        """Close the way to the API and the store."""
        self.link.close()
        self.desk.close()
