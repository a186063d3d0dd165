"""Configuration of the simulators."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Id
from runtime.clock import ClockConfig
from runtime.mqtt_session import MqttConfig
from runtime.outbox import OutboxConfig
from simulators.rainstorm import Rainstorm

__all__ = ["BoxConfig", "Delivery", "SimulatorConfig"]


class Delivery(StrEnum):
    """How far a message is followed."""

    GATEWAY = "gateway"
    """Kept in an outbox until a gateway has journalled it."""
    BROKER = "broker"
    """Handed to any broker at QoS 1 and forgotten; needs no gateway and no file."""


class BoxConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One simulated box: an identity at the broker with its share of the fleet."""

    box: Id
    """Identity; third level of its topics and name in the broker's permissions."""
    mqtt: MqttConfig
    """The broker and this box's credentials there."""
    outbox: OutboxConfig = OutboxConfig()
    """Where messages wait with delivery ``gateway``; each box needs a file of its own."""


class SimulatorConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A simulated district."""

    boxes: Annotated[tuple[BoxConfig, ...], Meta(min_length=1)]
    """The boxes; the fleet is dealt out among them in turn."""
    district: Id = "riverside"
    """First level of the topics; default ``riverside``, which does not exist."""
    site: Id = "old-town"
    """Second level of the topics; default ``old-town``."""
    scenario: str = "rainstorm"
    """Name of the scenario; default ``rainstorm``, the only one."""
    seed: Annotated[int, Meta(ge=0)] = 1
    """Equal seeds give equal readings; default 1."""
    cadence_s: Annotated[float, Meta(ge=0.1, le=3600.0)] = 10.0
    """Seconds of event time between two readings of a sensor; default 10."""
    copies: Annotated[int, Meta(ge=1, le=10_000)] = 1
    """How many times the fleet stands there, for load; default 1 (17 sensors)."""
    storm: Rainstorm = Rainstorm()
    """The weather; default: 20 mm in 260 s."""
    start_at: Annotated[datetime, Meta(tz=True)] | None = None
    """Moment of the scenario's second 0; default: when the simulator starts."""
    until_s: Annotated[float, Meta(gt=0.0)] | None = None
    """Second of the scenario after which no sensor reports; default: it goes on, dry."""
    catch_up_s: Annotated[float, Meta(ge=0.0)] = 60.0
    """Seconds of readings before its start that a simulator sends after all; default 60."""
    heartbeat_s: Annotated[float, Meta(ge=1.0)] = 30.0
    """Seconds of the clock between two status messages; default 30."""
    delivery: Delivery = Delivery.GATEWAY
    """``gateway`` (default) or ``broker``."""
    ledger: str | None = None
    """File for the ledger, JSON, rewritten about once a second; default: none."""
    clock: ClockConfig | None = None
    """A scaled clock, shared by all processes of a run; default: the machine's."""
