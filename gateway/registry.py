"""What the gateway has learned of boxes and the subjects they speak for.

A function of the journal: births tell profiles and places, every message tells where a subject's
box is. Rules need the place, events the district.
"""

from collections.abc import Mapping

import msgspec

from contracts.envelope import Place
from contracts.status import BoxState, Status
from contracts.topics import BoxTopic

__all__ = ["BoxRecord", "Registry", "SubjectRecord"]


class SubjectRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One sensor or camera: who speaks for it, what it is, where it stands."""

    district: str
    site: str
    box: str
    profile: str | None = None
    """Device profile, ``camera``, or None before its birth was heard."""
    place: Place | None = None


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


_SUBJECT_DECODER = msgspec.json.Decoder(SubjectRecord)
_BOX_DECODER = msgspec.json.Decoder(BoxRecord)


class Registry:
    """Boxes by name and subjects by name."""

    def __init__(self) -> None:
        self.boxes: dict[str, BoxRecord] = {}
        self.subjects: dict[str, SubjectRecord] = {}
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
        )
        self._dirty.add(f"box:{place.box}")
        for birth in status.subjects:
            known = SubjectRecord(
                district=place.district,
                site=place.site,
                box=place.box,
                profile=birth.profile,
                place=birth.place,
            )
            if self.subjects.get(birth.subject) != known:
                self.subjects[birth.subject] = known
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
        fresh = SubjectRecord(
            district=place.district,
            site=place.site,
            box=place.box,
            profile=None if known is None else known.profile,
            place=None if known is None else known.place,
        )
        self.subjects[subject] = fresh
        self._dirty.add(f"subject:{subject}")
        return fresh

    def take_dirty(self) -> dict[str, bytes | None]:
        """Return what changed since the last call; None for what is gone."""
        blobs: dict[str, bytes | None] = {}
        for name in self._dirty:
            kind, _, key = name.partition(":")
            record = self.boxes.get(key) if kind == "box" else self.subjects.get(key)
            blobs[name] = None if record is None else msgspec.json.encode(record)
        self._dirty.clear()
        return blobs

    def restore(self, blobs: Mapping[str, bytes]) -> None:
        """Take back what :meth:`take_dirty` gave out."""
        for name, blob in blobs.items():
            kind, _, key = name.partition(":")
            if kind == "box":
                self.boxes[key] = _BOX_DECODER.decode(blob)
            else:
                self.subjects[key] = _SUBJECT_DECODER.decode(blob)
