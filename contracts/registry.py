"""The registry of devices 设备台账 and boxes: what the API keeps and gateways poll.

These travel over HTTP between the API and its gateways; ``registry.v1`` is how a gateway journals
what it has learned. Source: requirements SEN, issue "GATEWAY", identity.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from contracts.envelope import Id, Moment, Place, Sha256
from contracts.packs import PackReport
from contracts.status import CameraState

__all__ = [
    "BoxEntry",
    "BoxReport",
    "DesiredConfig",
    "DesiredPage",
    "DeviceEntry",
    "FleetReport",
    "Lifecycle",
    "OnlineRate",
    "OrderReport",
    "RegistryPage",
    "RegistryUpdate",
    "UnknownDevices",
    "desired_sha256",
]

_Text = Annotated[str, Meta(max_length=200)]
_Positive = Annotated[float, Meta(gt=0.0)]
_Count = Annotated[int, Meta(ge=0)]


class Lifecycle(StrEnum):
    """Where a device or box stands in its life."""

    PLANNED = "planned"
    """Not installed yet: it is not missed, and what it sends is judged all the same."""
    ACTIVE = "active"
    """In service: it counts for the online rate."""
    MAINTENANCE = "maintenance"
    """Being worked on: it is not missed."""
    RETIRED = "retired"
    """Out of service: what it sends is turned away."""


class DeviceEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One sensor or camera of the registry."""

    device: Id
    """Its id: the ``subject`` of readings and the ``camera`` of tracks."""
    profile: _Text
    """Device profile, or ``camera``."""
    district: Id
    site: Id
    box: Id | None = None
    """The box that speaks for it; None: any box of the site may."""
    name: _Text = ""
    place: Place | None = None
    """Where it stands, WGS 84, with its grid cell."""
    owner: _Text = ""
    """Department or company that looks after it."""
    calibrated_on: date | None = None
    calibration_due_on: date | None = None
    cadence_s: _Positive | None = None
    """Nominal seconds between two readings; None: the profile's."""
    priority: Annotated[int, Meta(ge=0, le=9)] | None = None
    """0 sends its readings down the urgent lane; None: the profile's."""
    firmware: _Text = ""
    lifecycle: Lifecycle = Lifecycle.ACTIVE


class BoxEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One edge box of the registry."""

    box: Id
    district: Id
    site: Id
    name: _Text = ""
    place: Place | None = None
    owner: _Text = ""
    firmware: _Text = ""
    lifecycle: Lifecycle = Lifecycle.ACTIVE


class RegistryPage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What changed in the registry after one revision, up to another."""

    revision: _Count
    """Ask again with ``since`` this."""
    complete: bool
    """Whether nothing is left after ``revision`` at this moment."""
    devices: tuple[DeviceEntry, ...] = ()
    boxes: tuple[BoxEntry, ...] = ()
    gone_devices: tuple[Id, ...] = ()
    gone_boxes: tuple[Id, ...] = ()


class UnknownDevices(StrEnum):
    """What a gateway does with devices and boxes that the registry does not know."""

    FLAG = "flag"
    """It takes what they send, counts them and flags what comes of it."""
    REJECT = "reject"
    """It turns away what they send, and counts it."""


class RegistryUpdate(Struct, frozen=True, kw_only=True, tag="registry.v1", tag_field="type"):
    """A part of the registry as a gateway puts it into its journal: rules see it from there on.

    ``reset`` begins anew: what was known before is forgotten.
    """

    revision: _Count
    unknown: UnknownDevices = UnknownDevices.FLAG
    reset: bool = False
    devices: tuple[DeviceEntry, ...] = ()
    boxes: tuple[BoxEntry, ...] = ()
    gone_devices: tuple[Id, ...] = ()
    gone_boxes: tuple[Id, ...] = ()


class DesiredConfig(Struct, frozen=True, kw_only=True):
    """The configuration that one box should run, as the API keeps it."""

    box: Id
    district: Id
    site: Id
    version: _Count
    sha256: Sha256
    config: dict[str, Any]


class DesiredPage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Desired configurations that changed after one revision, up to another."""

    revision: _Count
    complete: bool
    configs: tuple[DesiredConfig, ...] = ()


class BoxReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a gateway knows of one box."""

    box: Id
    district: Id
    site: Id
    online: bool
    heard_at: Moment | None = None
    """Arrival of its last message."""
    boot_id: str = ""
    clock_offset_s: float | None = None
    versions: dict[str, str] = {}
    counters: dict[str, int] = {}
    """The gateway's own: gaps, duplicates, late and future stamps."""
    config_version: int | None = None
    config_sha256: str = ""
    config_at: Moment | None = None
    sections: dict[str, str] = {}
    """Section of the desired configuration to ``applied``, ``refused: …`` or ``needs restart``."""
    cameras: tuple[CameraState, ...] = ()
    """Its cameras as its last status told them."""
    scenes: dict[str, dict[str, Any]] = {}
    """Camera to zones, lines, masks and calibration as they run."""
    here: tuple[Id, ...] = ()
    """Devices behind it that are online."""
    silent: dict[Id, Moment | None] = {}
    """Devices behind it that should be online and are not, with their own newest time; None: never heard."""


class OnlineRate(Struct, frozen=True, kw_only=True):
    """How many of the active devices of one class in one district are online 在线率."""

    district: Id
    profile: str
    devices: _Count
    online: _Count


class OrderReport(Struct, frozen=True, kw_only=True):
    """What became of one order of a rule to a device 联动."""

    id: _Text
    event_id: _Text
    rev: _Count
    rule: _Text
    device: _Text
    kind: _Text
    """``give`` or ``clear``."""
    command: _Text
    state: _Text
    """As the gateway's store has it: waiting, sent, done, refused, timed_out, superseded, stale."""
    detail: Annotated[str, Meta(max_length=2000)]
    made_at: Moment
    settled_at: Moment | None = None


class FleetReport(Struct, frozen=True, kw_only=True):
    """What a gateway tells the API: boxes and orders that changed, and every online rate."""

    gateway: Id
    at: Moment
    boxes: tuple[BoxReport, ...] = ()
    rates: tuple[OnlineRate, ...] = ()
    orders: tuple[OrderReport, ...] = ()
    packs: PackReport | None = None
    """Rule packs; None: nothing is new since it was last told."""


def desired_sha256(config: Mapping[str, Any]) -> str:
    """Return the SHA-256 in hex of a configuration's values, whatever their order."""
    return hashlib.sha256(msgspec.json.encode(config, order="deterministic")).hexdigest()
