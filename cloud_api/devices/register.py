"""The registry: putting, removing, listing and following devices and boxes."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from cloud_api.database import Lane, Store
from cloud_api.devices.tables import registry
from cloud_api.errors import NotFound
from cloud_api.instants import to_us
from contracts.registry import BoxEntry, DeviceEntry, RegistryPage

__all__ = ["DeviceRegister", "Entry", "EntryFilter", "EntryKind", "Registered", "entry_id"]

Entry = DeviceEntry | BoxEntry
_CHUNK = 500
"""Ids looked up at once; SQLite takes 32,766 parameters, PostgreSQL 65,535."""


class EntryKind(StrEnum):
    """What a row of the registry is."""

    DEVICE = "device"
    BOX = "box"


_TYPES: dict[EntryKind, type[Entry]] = {
    EntryKind.DEVICE: DeviceEntry,
    EntryKind.BOX: BoxEntry,
}


class EntryFilter(NamedTuple):
    """Which entries a list shows; None shows all."""

    district: str | None = None
    site: str | None = None
    box: str | None = None
    profile: str | None = None
    lifecycle: str | None = None


class Registered(NamedTuple):
    """An entry and the revision of its last change."""

    entry: Entry
    revision: int


def entry_id(entry: Entry) -> str:
    """Return the id of a device or box."""
    return entry.device if isinstance(entry, DeviceEntry) else entry.box


def _kind(entry: Entry) -> EntryKind:
    return EntryKind.DEVICE if isinstance(entry, DeviceEntry) else EntryKind.BOX


def _entry(kind: EntryKind, body: bytes) -> Entry:
    return msgspec.json.decode(body, type=_TYPES[kind])


class DeviceRegister:
    """Devices and boxes of the city, each change with a revision of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def revision(self) -> int:
        """Return the revision of the latest change; 0 where nothing was ever registered."""
        with self._store.read() as connection:
            return _latest(connection)

    def put(self, entries: Sequence[Entry], now: datetime, by: str) -> int:
        """Register entries or change them, all or none; return how many changed.

        Args:
            entries: no id twice; an entry as it is known already changes nothing.
            now: the moment.
            by: who asks.
        """
        with self._store.write(Lane.REGISTRY) as connection:
            latest = _latest(connection)
            changed = 0
            for kind in EntryKind:
                for known, entry in _compared(connection, kind, entries):
                    body = msgspec.json.encode(entry)
                    if known is not None and known.body == body and not known.gone:
                        continue
                    changed += 1
                    values = _columns(entry, body) | {
                        "revision": latest + changed,
                        "changed_at_us": to_us(now),
                        "changed_by": by,
                    }
                    if known is None:
                        connection.execute(
                            insert(registry).values(kind=kind, id=entry_id(entry), **values)
                        )
                    else:
                        connection.execute(
                            update(registry)
                            .where(registry.c.kind == kind, registry.c.id == entry_id(entry))
                            .values(values)
                        )
        return changed

    def remove(self, kind: EntryKind, name: str, now: datetime, by: str) -> None:
        """Strike an entry off.

        Raises:
            NotFound: there is none.
        """
        with self._store.write(Lane.REGISTRY) as connection:
            done = connection.execute(
                update(registry)
                .where(registry.c.kind == kind, registry.c.id == name, registry.c.gone == 0)
                .values(
                    gone=1,
                    revision=_latest(connection) + 1,
                    changed_at_us=to_us(now),
                    changed_by=by,
                )
            )
            if done.rowcount == 0:
                raise _unknown(kind, name)

    def get(self, kind: EntryKind, name: str) -> Registered:
        """Return one entry.

        Raises:
            NotFound: there is none.
        """
        found = self.find(kind, name)
        if found is None:
            raise _unknown(kind, name)
        return found

    def find(self, kind: EntryKind, name: str) -> Registered | None:
        """Return one entry, or None."""
        query = select(registry.c.body, registry.c.revision).where(
            registry.c.kind == kind, registry.c.id == name, registry.c.gone == 0
        )
        with self._store.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Registered(_entry(kind, row.body), row.revision)

    def known(self, kind: EntryKind, entries: Sequence[Entry]) -> dict[str, Entry]:
        """Return those of these entries that are registered, as they are now, by id."""
        with self._store.read() as connection:
            return {
                entry_id(entry): _entry(kind, known.body)
                for known, entry in _compared(connection, kind, entries)
                if known is not None and not known.gone
            }

    def list(
        self, kind: EntryKind, chosen: EntryFilter, *, after: str = "", limit: int
    ) -> list[Registered]:
        """Return entries by id, at most ``limit``, beginning behind the id ``after``."""
        query = (
            select(registry.c.body, registry.c.revision)
            .where(registry.c.kind == kind, registry.c.gone == 0, registry.c.id > after)
            .order_by(registry.c.id)
            .limit(limit)
        )
        for name, wanted in chosen._asdict().items():
            if wanted is not None:
                query = query.where(registry.c[name] == wanted)
        with self._store.read() as connection:
            return [
                Registered(_entry(kind, row.body), row.revision)
                for row in connection.execute(query)
            ]

    def changes(self, since: int, districts: Sequence[str], *, limit: int) -> RegistryPage:
        """Return what changed after revision ``since``, at most ``limit`` entries.

        Args:
            since: the last revision that is known already; 0 begins at the beginning.
            districts: only entries of these; none for all. An entry that moves to a district that
                is not asked for is named among those gone.
            limit: most changes in the page.
        """
        query = (
            select(registry)
            .where(registry.c.revision > since)
            .order_by(registry.c.revision)
            .limit(limit)
        )
        with self._store.read() as connection:
            rows = connection.execute(query).all()
            latest = _latest(connection)
        live: dict[EntryKind, list[Entry]] = {kind: [] for kind in EntryKind}
        gone: dict[EntryKind, list[str]] = {kind: [] for kind in EntryKind}
        for row in rows:
            kind = EntryKind(row.kind)
            if row.gone or (districts and row.district not in districts):
                gone[kind].append(row.id)
            else:
                live[kind].append(_entry(kind, row.body))
        reached = rows[-1].revision if len(rows) == limit else latest
        return RegistryPage(
            revision=reached,
            complete=reached >= latest,
            devices=tuple(e for e in live[EntryKind.DEVICE] if isinstance(e, DeviceEntry)),
            boxes=tuple(e for e in live[EntryKind.BOX] if isinstance(e, BoxEntry)),
            # who asks from the beginning has nothing to forget
            gone_devices=tuple(gone[EntryKind.DEVICE]) if since else (),
            gone_boxes=tuple(gone[EntryKind.BOX]) if since else (),
        )


def _latest(connection: Connection) -> int:
    return int(connection.scalar(select(func.max(registry.c.revision))) or 0)


def _unknown(kind: EntryKind, name: str) -> NotFound:
    plural = "devices" if kind is EntryKind.DEVICE else "boxes"
    return NotFound(f"{kind} {name[:80]!r} is not registered; see GET /v1/{plural}")


def _columns(entry: Entry, body: bytes) -> dict[str, object]:
    return {
        "district": entry.district,
        "site": entry.site,
        "box": entry.box,
        "profile": entry.profile if isinstance(entry, DeviceEntry) else None,
        "lifecycle": entry.lifecycle.value,
        "gone": 0,
        "body": body,
    }


def _compared(
    connection: Connection, kind: EntryKind, entries: Sequence[Entry]
) -> list[tuple[Row[tuple[str, bytes, int]] | None, Entry]]:
    """Return the entries of one kind, each with the row that is there now."""
    chosen = [entry for entry in entries if _kind(entry) is kind]
    rows: dict[str, Row[tuple[str, bytes, int]]] = {}
    for start in range(0, len(chosen), _CHUNK):
        names = [entry_id(entry) for entry in chosen[start : start + _CHUNK]]
        query = select(registry.c.id, registry.c.body, registry.c.gone).where(
            registry.c.kind == kind, registry.c.id.in_(names)
        )
        rows |= {row.id: row for row in connection.execute(query)}
    return [(rows.get(entry_id(entry)), entry) for entry in chosen]
