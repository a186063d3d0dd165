"""What the gateway knows of boxes and the subjects they speak for.

A function of the journal: births tell profiles and places, every message tells where a subject's
box is, and updates from the API's registry, which are journalled too, overrule both. Rules need
the place, events the district.
"""

import sys
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from contracts.control import ConfigReported
from contracts.envelope import Place
from contracts.registry import (
    BoxEntry,
    DeviceEntry,
    Lifecycle,
    RegistryUpdate,
    UnknownDevices,
)
from contracts.status import BoxState, CameraState, Status
from contracts.topics import BoxTopic

__all__ = [
    "FOREIGN_BOX",
    "RETIRED_DEVICE",
    "UNREGISTERED_DEVICE",
    "BoxRecord",
    "Registry",
    "SubjectRecord",
]

UNREGISTERED_DEVICE = "unregistered_device"
"""Flag: the registry does not know the subject."""
RETIRED_DEVICE = "retired_device"
"""Flag: the registry says that the subject is out of service."""
FOREIGN_BOX = "foreign_box"
"""Flag: another box than the registered one speaks for the subject."""


class SubjectRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One sensor or camera: who speaks for it, what it is, where it stands."""

    district: str
    site: str
    box: str
    profile: str | None = None
    """Device profile, ``camera``, or None before its birth was heard."""
    place: Place | None = None
    flag: str | None = None
    """What the registry holds against it."""
    refused: bool = False
    """Whether what it sends is turned away."""
    registered: bool = False
    """Whether profile and place come from the registry."""
    heard_s: float = 0.0
    """Its own time of the newest thing heard of it, seconds since 1970; not always saved; 0: none."""


class BoxRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One box as its last status told it."""

    district: str
    site: str
    boot_id: str
    state: BoxState
    heard_s: float
    """Arrival of that status, seconds since 1970."""
    clock_offset_s: float | None = None
    versions: dict[str, str] = {}
    counters: dict[str, int] = {}
    cameras: tuple[CameraState, ...] = ()


class _Meta(msgspec.Struct, kw_only=True):
    revision: int
    unknown: UnknownDevices


_SUBJECT_DECODER = msgspec.json.Decoder(SubjectRecord)
_BOX_DECODER = msgspec.json.Decoder(BoxRecord)
_REPORTED_DECODER = msgspec.json.Decoder(ConfigReported)
_DEVICE_DECODER = msgspec.json.Decoder(DeviceEntry)
_ENTRY_DECODER = msgspec.json.Decoder(BoxEntry)
_META_DECODER = msgspec.json.Decoder(_Meta)


def _compact(entry: DeviceEntry) -> DeviceEntry:
    """Return an entry that shares the words that thousands of others have too."""
    return replace(
        entry,
        district=sys.intern(entry.district),
        site=sys.intern(entry.site),
        profile=sys.intern(entry.profile),
        owner=sys.intern(entry.owner),
        firmware=sys.intern(entry.firmware),
        box=None if entry.box is None else sys.intern(entry.box),
    )


class Registry:
    """Boxes by name and subjects by name, as heard and as registered."""

    def __init__(self) -> None:
        self.boxes: dict[str, BoxRecord] = {}
        self.subjects: dict[str, SubjectRecord] = {}
        self.heard: dict[str, float] = {}
        """Arrival of the newest message of each box, seconds since 1970; not saved."""
        self.reported: dict[str, ConfigReported] = {}
        """The configuration that each box says it runs."""
        self.devices: dict[str, DeviceEntry] = {}
        """Devices of the API's registry."""
        self.cadences: dict[str, float] = {}
        """Registered seconds between two readings, of devices that have a cadence of their own."""
        self.box_entries: dict[str, BoxEntry] = {}
        """Boxes of the API's registry."""
        self.revision = 0
        """How far the API's registry is known; 0 before anything was heard of it."""
        self.unknown = UnknownDevices.FLAG
        self._dirty: set[str] = set()

    def learn(self, status: Status, place: BoxTopic, arrived_s: float) -> None:
        """Take in a birth, a heartbeat or a goodbye."""
        self.boxes[place.box] = BoxRecord(
            district=place.district,
            site=place.site,
            boot_id=status.boot_id,
            state=status.state,
            heard_s=arrived_s,
            clock_offset_s=status.clock_offset_s,
            versions=status.versions,
            counters=status.counters,
            cameras=status.cameras,
        )
        self._dirty.add(f"box:{place.box}")
        for birth in status.subjects:
            known = self.subjects.get(birth.subject)
            fresh = self._record(birth.subject, place, birth.profile, birth.place)
            fresh.heard_s = 0.0 if known is None else known.heard_s
            if known != fresh:
                self.subjects[birth.subject] = fresh
                self._dirty.add(f"subject:{birth.subject}")

    def enlist(self, subject: str, record: SubjectRecord) -> None:
        """Take in a subject that is known without a birth: a registered foreign device."""
        if self.subjects.get(subject) != record:
            self.subjects[subject] = record
            self._dirty.add(f"subject:{subject}")

    def locate(self, subject: str, place: BoxTopic) -> SubjectRecord:
        """Return what is known of a subject that a box has just spoken for."""
        known = self.subjects.get(subject)
        if known is not None and known.box == place.box and known.district == place.district:
            return known
        fresh = self._record(
            subject,
            place,
            None if known is None else known.profile,
            None if known is None else known.place,
        )
        self.subjects[subject] = fresh
        self._dirty.add(f"subject:{subject}")
        return fresh

    def report(self, reported: ConfigReported) -> None:
        """Take in what configuration a box says it runs."""
        self.reported[reported.box] = reported
        self._dirty.add(f"reported:{reported.box}")

    def enrol(self, update: RegistryUpdate) -> None:
        """Take in a part of the API's registry; subjects that are known are judged anew."""
        anew = update.reset or update.unknown is not self.unknown or self.revision == 0
        if update.reset:
            self._dirty.update(f"device:{name}" for name in self.devices)
            self._dirty.update(f"entry:{name}" for name in self.box_entries)
            self.devices.clear()
            self.cadences.clear()
            self.box_entries.clear()
        self.revision, self.unknown = update.revision, update.unknown
        self._dirty.add("meta:")
        for device in update.devices:
            self._keep(device)
        for name in update.gone_devices:
            self.devices.pop(name, None)
            self.cadences.pop(name, None)
        for entry in update.boxes:
            self.box_entries[entry.box] = entry
        for name in update.gone_boxes:
            self.box_entries.pop(name, None)
        changed = [*(device.device for device in update.devices), *update.gone_devices]
        self._dirty.update(f"device:{name}" for name in changed)
        self._dirty.update(f"entry:{entry.box}" for entry in update.boxes)
        self._dirty.update(f"entry:{name}" for name in update.gone_boxes)
        if update.revision == 0:
            return  # the first piece of several: judged with the last one
        for name in list(self.subjects) if anew else changed:
            self._judge_anew(name)

    def _keep(self, device: DeviceEntry) -> None:
        self.devices[device.device] = _compact(device)
        if device.cadence_s is None:
            self.cadences.pop(device.device, None)
        else:
            self.cadences[device.device] = device.cadence_s

    def box_refusal(self, box: str, district: str, site: str) -> str | None:
        """Return why nothing is taken from a box that speaks from a place, or None."""
        if self.revision == 0:
            return None
        entry = self.box_entries.get(box)
        if entry is None:
            return "unregistered_box" if self.unknown is UnknownDevices.REJECT else None
        if entry.lifecycle is Lifecycle.RETIRED:
            return "retired_box"
        if (entry.district, entry.site) != (district, site):
            return "misplaced_box"
        return None

    def _judge_anew(self, subject: str) -> None:
        known = self.subjects.get(subject)
        if known is None:
            return
        flag, refused, entry = self._standing(subject, known.box)
        known.flag, known.refused = flag, refused
        if entry is not None:
            known.profile, known.place = entry.profile, entry.place or known.place
        known.registered = entry is not None
        self._dirty.add(f"subject:{subject}")

    def _standing(self, subject: str, box: str) -> tuple[str | None, bool, DeviceEntry | None]:
        """Return what the registry holds against a subject, whether it is refused, its entry."""
        if self.revision == 0:
            return None, False, None
        strict = self.unknown is UnknownDevices.REJECT
        entry = self.devices.get(subject)
        if entry is None:
            return UNREGISTERED_DEVICE, strict, None
        if entry.lifecycle is Lifecycle.RETIRED:
            return RETIRED_DEVICE, True, entry
        if entry.box is not None and entry.box != box:
            return FOREIGN_BOX, strict, entry
        return None, False, entry

    def _record(
        self, subject: str, place: BoxTopic, profile: str | None, where: Place | None
    ) -> SubjectRecord:
        flag, refused, entry = self._standing(subject, place.box)
        kind = profile if entry is None else entry.profile
        return SubjectRecord(
            district=place.district,
            site=place.site,
            box=place.box,
            # one text for all of a kind, whichever message it came in
            profile=None if kind is None else sys.intern(kind),
            place=where if entry is None or entry.place is None else entry.place,
            flag=flag,
            refused=refused,
            registered=entry is not None,
        )

    def take_dirty(self) -> dict[str, bytes | None]:
        """Return what changed since the last call; None for what is gone."""
        blobs: dict[str, bytes | None] = {}
        for name in self._dirty:
            kind, _, key = name.partition(":")
            record = self._piece(kind, key)
            blobs[name] = None if record is None else msgspec.json.encode(record)
        self._dirty.clear()
        return blobs

    def _piece(self, kind: str, key: str) -> msgspec.Struct | None:
        if kind == "box":
            return self.boxes.get(key)
        if kind == "subject":
            return self.subjects.get(key)
        if kind == "reported":
            return self.reported.get(key)
        if kind == "device":
            return self.devices.get(key)
        if kind == "entry":
            return self.box_entries.get(key)
        return _Meta(revision=self.revision, unknown=self.unknown)

    def restore(self, blobs: Mapping[str, bytes]) -> None:
        """Take back what :meth:`take_dirty` gave out."""
        for name, blob in blobs.items():
            kind, _, key = name.partition(":")
            if kind == "box":
                self.boxes[key] = _BOX_DECODER.decode(blob)
            elif kind == "reported":
                self.reported[key] = _REPORTED_DECODER.decode(blob)
            elif kind == "device":
                self._keep(_DEVICE_DECODER.decode(blob))
            elif kind == "entry":
                self.box_entries[key] = _ENTRY_DECODER.decode(blob)
            elif kind == "meta":
                meta = _META_DECODER.decode(blob)
                self.revision, self.unknown = meta.revision, meta.unknown
            else:
                self.subjects[key] = _SUBJECT_DECODER.decode(blob)
