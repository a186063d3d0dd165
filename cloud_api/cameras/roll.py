"""The cameras of the city with all that is known of each."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import select

from cloud_api.cameras.snapshots import Picture, SnapshotDesk
from cloud_api.database import Store
from cloud_api.devices.reading import CAMERA
from cloud_api.devices.register import DeviceRegister, EntryFilter, EntryKind
from cloud_api.devices.reports import FleetReports
from cloud_api.devices.tables import box_states
from cloud_api.errors import NotFound
from cloud_api.schema import events, evidence
from contracts.envelope import Evidence
from contracts.registry import BoxEntry, BoxReport, DeviceEntry
from contracts.status import CameraState

__all__ = ["CameraRoll", "KnownCamera"]

_PAGE = 1_000
_MOST = 5_000
"""Cameras in one list."""
_LATEST_EVENTS = 2_000
"""Events that are looked through for pictures, the newest first."""


class _Seen(msgspec.Struct, frozen=True):
    """The part of a stored event that its pictures hang on."""

    subject: str | None = None
    key: dict[str, str] = {}
    evidence: tuple[Evidence, ...] = ()


_SEEN = msgspec.json.Decoder(_Seen)


class KnownCamera(NamedTuple):
    """A camera of the registry and what its box last said of it."""

    entry: DeviceEntry
    box: BoxEntry | None
    """None: no registered box speaks for it, so nothing can be sent to it."""
    report: BoxReport | None
    state: CameraState | None


class CameraRoll:
    """Puts together registry, reports of gateways, and pictures."""

    def __init__(self, store: Store, snapshots: SnapshotDesk) -> None:
        self._store = store
        self._snapshots = snapshots
        self._register = DeviceRegister(store)
        self._reports = FleetReports(store)

    def all(self, district: str | None = None) -> list[KnownCamera]:
        """Return every camera of the registry, by id; at most 5,000."""
        entries: list[DeviceEntry] = []
        while len(entries) < _MOST:
            after = entries[-1].device if entries else ""
            chosen = EntryFilter(district=district, profile=CAMERA)
            page = self._register.list(EntryKind.DEVICE, chosen, after=after, limit=_PAGE)
            entries += [item.entry for item in page if isinstance(item.entry, DeviceEntry)]
            if len(page) < _PAGE:
                break
        return self._known(entries)

    def get(self, camera: str) -> KnownCamera:
        """Return one camera.

        Raises:
            NotFound: the registry has no such camera.
        """
        found = self._register.find(EntryKind.DEVICE, camera)
        if (
            found is None
            or not isinstance(found.entry, DeviceEntry)
            or found.entry.profile != CAMERA
        ):
            raise NotFound(
                f"camera {camera[:64]!r} is not in the registry; see GET /v1/cameras, or register it"
            )
        return self._known([found.entry])[0]

    def _known(self, entries: Sequence[DeviceEntry]) -> list[KnownCamera]:
        reports = self._reporters(entries)
        speakers = {
            state.camera: name for name, report in reports.items() for state in report.cameras
        }
        boxes: dict[str, BoxEntry | None] = {}
        known = []
        for entry in entries:
            name = entry.box or speakers.get(entry.device)
            if name is not None and name not in boxes:
                found = self._register.find(EntryKind.BOX, name)
                box = None if found is None else found.entry
                boxes[name] = box if isinstance(box, BoxEntry) else None
            report = None if name is None else reports.get(name)
            told = () if report is None else report.cameras
            state = next((one for one in told if one.camera == entry.device), None)
            known.append(KnownCamera(entry, None if name is None else boxes[name], report, state))
        return known

    def _reporters(self, entries: Sequence[DeviceEntry]) -> dict[str, BoxReport]:
        """Return reports of the boxes that may speak for these cameras."""
        if all(entry.box is not None for entry in entries):
            named = sorted({entry.box for entry in entries if entry.box is not None})
            return self._reports.states(named)
        with self._store.read() as connection:
            return {
                row.box: msgspec.json.decode(row.body, type=BoxReport)
                for row in connection.execute(select(box_states.c.box, box_states.c.body))
            }

    def pictures(self, cameras: Iterable[str]) -> dict[str, Picture]:
        """Return the latest stored picture of each of these cameras, where there is one.

        They are what somebody ordered, or came with an event; boxes make both illegible where they must.
        """
        wanted = set(cameras)
        found: dict[str, Picture] = {}
        query = select(events.c.body).order_by(events.c.first_seq.desc()).limit(_LATEST_EVENTS)
        with self._store.read() as connection:
            for body in connection.scalars(query):
                seen = _SEEN.decode(body)
                camera = seen.key.get("camera") or seen.subject or ""
                if camera in wanted:
                    _keep_latest(found, camera, _pictures_of(seen.evidence))
            for camera in wanted:
                ordered = self._snapshots.picture(camera)
                if ordered is not None:
                    _keep_latest(found, camera, [ordered])
            hashes = [picture.sha256 for picture in found.values()]
            there = set(
                connection.scalars(select(evidence.c.sha256).where(evidence.c.sha256.in_(hashes)))
            )
        return {camera: picture for camera, picture in found.items() if picture.sha256 in there}


def _pictures_of(items: Iterable[Evidence]) -> list[Picture]:
    return [
        Picture(sha256=one.sha256, captured_at=one.captured_at)
        for one in items
        if one.media_type.startswith("image/")
    ]


def _keep_latest(found: dict[str, Picture], camera: str, pictures: Iterable[Picture]) -> None:
    for picture in pictures:
        known = found.get(camera)
        if known is None or known.captured_at < picture.captured_at:
            found[camera] = picture
