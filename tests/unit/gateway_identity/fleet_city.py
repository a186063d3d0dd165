"""A gateway in memory that follows a registry in memory."""

from pathlib import Path
from random import Random

import msgspec
from msgspec.structs import replace

from contracts.control import ConfigDesired, ConfigReported
from contracts.registry import BoxEntry, DesiredConfig, DeviceEntry, UnknownDevices, desired_sha256
from contracts.topics import Kind
from gateway.bootstrap import build
from gateway.config import IdentityConfig
from gateway.identity.memory_api import MemoryFleetApi
from gateway.service import Gateway
from gateway.sinks.memory import CallableSink
from runtime.clock import ManualClock
from runtime.memory_hub import MemoryHub
from runtime.session import Inbound
from tests.unit.gateway.city import BOX, DISTRICT, PACK, SITE, City, topic

ENTRY = BoxEntry(box=BOX, district=DISTRICT, site=SITE)
WATER = DeviceEntry(
    device="water-1", profile="water_level", district=DISTRICT, site=SITE, cadence_s=10.0
)


def desired(version: int, status_every_s: int) -> DesiredConfig:
    """Return a configuration for the box."""
    config = {"status_every_s": status_every_s}
    return DesiredConfig(
        box=BOX,
        district=DISTRICT,
        site=SITE,
        version=version,
        sha256=desired_sha256(config),
        config=config,
    )


def reported(config: DesiredConfig, city: City, **sections: str) -> ConfigReported:
    """Return what a box says that runs a configuration."""
    return ConfigReported(
        box=BOX,
        version=config.version,
        sha256=config.sha256,
        at=city.clock.now(),
        sections=sections,
    )


class FleetCity(City):
    """A city whose gateway follows :attr:`registry`; time in steps of real seconds, by hand."""

    def __init__(self, folder: Path, *, unknown: UnknownDevices = UnknownDevices.FLAG) -> None:
        self.registry = MemoryFleetApi()
        self.unknown = unknown
        self.seconds = 0.0
        super().__init__(folder, pack=PACK)

    def _build(self) -> Gateway:
        self.config = replace(
            self.config,
            identity=IdentityConfig(unknown=self.unknown, poll_s=1.0, report_s=1.0),
        )
        clock: ManualClock = self.clock
        hub: MemoryHub = self.hub
        gateway = build(
            self.config,
            session=hub.session("gateway"),
            sink=CallableSink(self.api.take),
            fleet_api=self.registry,
            clock=clock,
            rng=Random(1),
        )
        gateway._monotonic = lambda: self.seconds
        gateway.start()
        return gateway

    def step(self, seconds: float = 0.0) -> None:
        """Let time pass, real time too, and the gateway take one step."""
        self.seconds += seconds
        super().step(seconds)

    def settle(self) -> None:
        """Let the gateway poll once and act on what came."""
        self.step(5.0)
        self.step()

    def listen(self) -> None:
        """Let the box hear its desired configuration from now on."""
        self.box.subscribe(topic(Kind.CONFIG_DESIRED))

    def heard(self) -> list[ConfigDesired]:
        """Return the desired configurations that the box was sent."""
        found: list[Inbound] = self.box.receive()
        self.box.acknowledge(found)
        return [
            msgspec.json.decode(message.payload, type=ConfigDesired)
            for message in found
            if message.topic.endswith(Kind.CONFIG_DESIRED.value)
        ]
