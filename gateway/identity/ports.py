"""What the gateway needs of the API for its fleet; over HTTP, or in memory."""

from typing import Protocol

from contracts.packs import DesiredPacks
from contracts.registry import DesiredPage, FleetReport, RegistryPage

__all__ = ["FleetApi"]


class FleetApi(Protocol):
    """Registry, desired configurations and reports."""

    def registry(self, since: int) -> RegistryPage | None:
        """Return what changed in the registry after a revision; None for nothing.

        Raises:
            FleetUnavailableError: not now.
        """
        ...

    def desired(self, since: int) -> DesiredPage | None:
        """Return desired configurations that changed after a revision; None for nothing.

        Raises:
            FleetUnavailableError: not now.
        """
        ...

    def packs(self, since: int) -> DesiredPacks | None:
        """Return approved rule packs that changed after a revision; None for nothing.

        Raises:
            FleetUnavailableError: not now.
        """
        ...

    def report(self, report: FleetReport) -> None:
        """Tell how the fleet is doing.

        Raises:
            FleetUnavailableError: not now; the next report says it all again.
        """
        ...

    def close(self) -> None:
        """Give up connections."""
        ...
