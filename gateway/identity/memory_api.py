"""A registry in memory, for tests and for runs in one process."""

from contracts.packs import DesiredPack, DesiredPacks
from contracts.registry import (
    BoxEntry,
    DesiredConfig,
    DesiredPage,
    DeviceEntry,
    FleetReport,
    RegistryPage,
)
from gateway.errors import FleetUnavailableError

__all__ = ["MemoryFleetApi"]


class MemoryFleetApi:
    """Keeps every change in a list; its place in it is its revision."""

    def __init__(self) -> None:
        self.up = True
        """False: as if the API were down."""
        self.reports: list[FleetReport] = []
        self._changes: list[DeviceEntry | BoxEntry | str] = []
        self._configs: list[DesiredConfig] = []
        self._packs: list[DesiredPack] = []

    def put(self, *entries: DeviceEntry | BoxEntry) -> None:
        """Register entries, or change them."""
        self._changes.extend(entries)

    def strike_off(self, device: str) -> None:
        """Remove a device."""
        self._changes.append(device)

    def desire(self, config: DesiredConfig) -> None:
        """Say what a box should run."""
        self._configs.append(config)

    def forget(self) -> None:
        """Begin anew, as an API does that lost its database."""
        self._changes.clear()
        self._configs.clear()
        self._packs.clear()

    def registry(self, since: int) -> RegistryPage | None:
        """Return what changed after a revision."""
        self._check()
        if since == len(self._changes):
            return None
        changes = self._changes[since:]
        return RegistryPage(
            revision=len(self._changes),
            complete=True,
            devices=tuple(entry for entry in changes if isinstance(entry, DeviceEntry)),
            boxes=tuple(entry for entry in changes if isinstance(entry, BoxEntry)),
            gone_devices=tuple(entry for entry in changes if isinstance(entry, str)),
        )

    def desired(self, since: int) -> DesiredPage | None:
        """Return what changed after a revision."""
        self._check()
        if since == len(self._configs):
            return None
        configs = tuple(self._configs[since:])
        return DesiredPage(revision=len(self._configs), complete=True, configs=configs)

    def approve(self, *packs: DesiredPack) -> None:
        """Say which packs gateways shall run."""
        self._packs.extend(packs)

    def packs(self, since: int) -> DesiredPacks | None:
        """Return what changed after a revision."""
        self._check()
        if since == len(self._packs):
            return None
        newest = {pack.name: pack for pack in self._packs[since:]}
        return DesiredPacks(revision=len(self._packs), complete=True, packs=tuple(newest.values()))

    def report(self, report: FleetReport) -> None:
        """Keep a report."""
        self._check()
        self.reports.append(report)

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _check(self) -> None:
        if not self.up:
            raise FleetUnavailableError("the registry in memory is switched off; switch it on")
