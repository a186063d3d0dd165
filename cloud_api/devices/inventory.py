"""Every device and box as one list: what is registered, beside what gateways last said of it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from cloud_api.devices.register import EntryKind
from cloud_api.devices.tables import registry
from contracts.envelope import Place
from contracts.registry import BoxEntry, BoxReport, DeviceEntry, Lifecycle

__all__ = ["Asset", "AssetFilter", "AssetState", "Fault", "assets", "chosen", "registered_entries"]

_GOOD_CLOCK_S = 1.0
"""Offset from true time that passes for none, seconds. Source: as gateway.clock_watch has it."""

_Heard = tuple[BoxReport, bool]


class AssetState(StrEnum):
    """Whether a device or box is there."""

    ONLINE = "online"
    OFFLINE = "offline"
    UNKNOWN = "unknown"
    """No gateway has said anything of it lately."""
    PLANNED = "planned"
    """Not installed yet, as the registry says; so the next two."""
    MAINTENANCE = "maintenance"
    RETIRED = "retired"


class Fault(StrEnum):
    """What is wrong with a device or box."""

    SILENT = "silent"
    """It should be online and is not."""
    CLOCK = "clock"
    """Its clock is more than a second off, or stamps lay in the future."""
    GAPS = "gaps"
    """Messages are missing in its numbering."""
    REFUSED = "refused"
    """It refused a section of its desired configuration."""
    RESTART = "restart"
    """A section of its desired configuration waits for a restart."""
    CALIBRATION = "calibration"
    """Its calibration is overdue."""


class Asset(Struct, frozen=True, kw_only=True):
    """One device or box of the registry, and how it is."""

    id: str
    kind: str
    """``camera``, ``sensor`` or ``box``."""
    profile: str
    """Device profile; ``box`` of a box."""
    name: str
    district: str
    site: str
    box: str | None
    """The box that speaks for it."""
    owner: str
    place: Place | None
    lifecycle: Lifecycle
    state: AssetState
    heard_at: datetime | None
    """A box: its last message. A silent device: its own newest time. None: never, or not told."""
    faults: tuple[Fault, ...]
    missing: int
    """Messages given up in gaps of its numbering, a box's; 0 of a device."""
    waiting: int
    """Messages that wait beyond a gap, a box's; 0 of a device."""
    clock_offset_s: float | None
    """Its clock minus true time, seconds, a box's; None: unknown."""


class AssetFilter(Struct, frozen=True, kw_only=True):
    """Which of them a list shows; None shows all."""

    text: str | None = None
    """Part of an id, a name or a site, whatever the case."""
    kind: str | None = None
    profile: str | None = None
    district: str | None = None
    grid: str | None = None
    """How the code of its cell begins."""
    box: str | None = None
    faulty: bool | None = None


def registered_entries(connection: Connection) -> Iterator[DeviceEntry | BoxEntry]:
    """Yield every entry of the registry, boxes first, by id."""
    query = (
        select(registry.c.kind, registry.c.body)
        .where(registry.c.gone == 0)
        .order_by(registry.c.kind, registry.c.id)
    )
    kinds: dict[str, type[DeviceEntry | BoxEntry]] = {
        EntryKind.DEVICE.value: DeviceEntry,
        EntryKind.BOX.value: BoxEntry,
    }
    for row in connection.execute(query):
        yield msgspec.json.decode(row.body, type=kinds[row.kind])


def assets(
    entries: Iterable[DeviceEntry | BoxEntry], heard: Mapping[str, _Heard], now: datetime
) -> Iterator[Asset]:
    """Yield how each entry of the registry is.

    Args:
        entries: the registry.
        heard: the last report of each box, and whether it is still true.
        now: the moment.
    """
    here: dict[str, str] = {}
    silent: dict[str, tuple[str, datetime | None]] = {}
    for box, (report, true) in heard.items():
        if true:
            here |= dict.fromkeys(report.here, box)
            silent |= {device: (box, at) for device, at in report.silent.items()}
    for entry in entries:
        if isinstance(entry, BoxEntry):
            yield _box(entry, heard.get(entry.box))
        else:
            yield _device(entry, here, silent, now)


def _box(entry: BoxEntry, heard: _Heard | None) -> Asset:
    report = None if heard is None else heard[0]
    said = None if report is None or heard is None or not heard[1] else report.online
    state = _state(entry.lifecycle, said)
    counted = {} if report is None else report.counters
    offset = None if report is None else report.clock_offset_s
    sections = () if report is None else tuple(report.sections.values())
    found = {
        Fault.SILENT: state is AssetState.OFFLINE,
        Fault.CLOCK: abs(offset or 0.0) > _GOOD_CLOCK_S or counted.get("future", 0) > 0,
        Fault.GAPS: counted.get("missing", 0) > 0,
        Fault.REFUSED: any(each.startswith("refused") for each in sections),
        Fault.RESTART: any(each.startswith("needs restart") for each in sections),
    }
    return Asset(
        id=entry.box,
        kind="box",
        profile="box",
        name=entry.name,
        district=entry.district,
        site=entry.site,
        box=entry.box,
        owner=entry.owner,
        place=entry.place,
        lifecycle=entry.lifecycle,
        state=state,
        heard_at=None if report is None else report.heard_at,
        faults=tuple(fault for fault, true in found.items() if true),
        missing=counted.get("missing", 0),
        waiting=counted.get("waiting", 0),
        clock_offset_s=offset,
    )


def _device(
    entry: DeviceEntry,
    here: Mapping[str, str],
    silent: Mapping[str, tuple[str, datetime | None]],
    now: datetime,
) -> Asset:
    name = entry.device
    said = True if name in here else False if name in silent else None
    state = _state(entry.lifecycle, said)
    box, heard_at = silent.get(name, (here.get(name), None))
    found = {
        Fault.SILENT: state is AssetState.OFFLINE,
        Fault.CALIBRATION: entry.calibration_due_on is not None
        and entry.calibration_due_on < now.date(),
    }
    return Asset(
        id=name,
        kind="camera" if entry.profile == "camera" else "sensor",
        profile=entry.profile,
        name=entry.name,
        district=entry.district,
        site=entry.site,
        box=entry.box or box,
        owner=entry.owner,
        place=entry.place,
        lifecycle=entry.lifecycle,
        state=state,
        heard_at=heard_at,
        faults=tuple(fault for fault, true in found.items() if true),
        missing=0,
        waiting=0,
        clock_offset_s=None,
    )


def _state(lifecycle: Lifecycle, online: bool | None) -> AssetState:
    if lifecycle is not Lifecycle.ACTIVE:
        return AssetState(lifecycle.value)
    if online is None:
        return AssetState.UNKNOWN
    return AssetState.ONLINE if online else AssetState.OFFLINE


def chosen(found: Iterable[Asset], wanted: AssetFilter) -> list[Asset]:
    """Return those that a filter lets through: who is in trouble first, else in their order."""
    text = (wanted.text or "").casefold()
    passed = [
        each
        for each in found
        if (not text or text in f"{each.id} {each.name} {each.site}".casefold())
        and wanted.kind in {None, each.kind}
        and wanted.profile in {None, each.profile}
        and wanted.district in {None, each.district}
        and wanted.box in {None, each.box}
        and (wanted.grid is None or _cell(each).startswith(wanted.grid))
        and wanted.faulty in {None, bool(each.faults)}
    ]
    return sorted(passed, key=lambda each: not each.faults)


def _cell(asset: Asset) -> str:
    return "" if asset.place is None or asset.place.grid is None else asset.place.grid
