"""Desired configurations of boxes: every version is kept, the highest one counts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, func, insert, select

from cloud_api.database import Lane, Store
from cloud_api.devices.tables import box_configs
from cloud_api.errors import InvalidInput, VersionMismatch
from cloud_api.instants import to_us
from contracts.registry import BoxEntry, DesiredConfig, DesiredPage, desired_sha256

__all__ = ["ConfigVersion", "DesiredConfigs"]

_MOST_BYTES = 240_000
"""A message to a box has 262,144 bytes at most, its envelope included."""


class ConfigVersion(Struct, frozen=True, kw_only=True):
    """One version in the history of a box's configuration."""

    config: DesiredConfig
    made_at_us: int
    made_by: str
    reason: str


class DesiredConfigs:
    """What boxes should run."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def set(
        self,
        box: BoxEntry,
        config: dict[str, Any],
        now: datetime,
        *,
        by: str,
        reason: str,
        version: int | None = None,
    ) -> DesiredConfig:
        """Make a new version; the configuration that is desired already makes none.

        Args:
            box: whose.
            config: sections by name.
            now: the moment.
            by: who asks.
            reason: why.
            version: the version that the caller has seen (0: none); None does not care.

        Raises:
            VersionMismatch: somebody else made a version meanwhile.
            InvalidInput: it is larger than a message to a box may be.
        """
        digest = desired_sha256(config)
        size = len(msgspec.json.encode(config))
        if size > _MOST_BYTES:
            raise InvalidInput(
                f"configuration of box {box.box!r}: {size} bytes; expected at most {_MOST_BYTES}"
            )
        with self._store.write(Lane.REGISTRY) as connection:
            row = _newest(connection, box.box)
            latest = 0 if row is None else row.version
            if version is not None and version != latest:
                raise VersionMismatch(
                    f"configuration of box {box.box!r} is at version {latest}, you have seen "
                    f"{version}; read it again"
                )
            if row is not None and row.sha256 == digest:
                return _config(row)
            made = DesiredConfig(
                box=box.box,
                district=box.district,
                site=box.site,
                version=latest + 1,
                sha256=digest,
                config=config,
            )
            connection.execute(
                insert(box_configs).values(
                    box=box.box,
                    version=made.version,
                    revision=_revision(connection) + 1,
                    district=box.district,
                    site=box.site,
                    sha256=digest,
                    made_at_us=to_us(now),
                    made_by=by,
                    reason=reason,
                    body=msgspec.json.encode(config),
                )
            )
        return made

    def newest(self, box: str) -> DesiredConfig | None:
        """Return what a box should run, or None."""
        with self._store.read() as connection:
            row = _newest(connection, box)
        return None if row is None else _config(row)

    def versions(self, boxes: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Return version and hash of what these boxes should run."""
        query = select(box_configs.c.box, box_configs.c.version, box_configs.c.sha256).where(
            box_configs.c.box.in_(boxes)
        )
        found: dict[str, tuple[int, str]] = {}
        with self._store.read() as connection:
            for row in connection.execute(query):
                found[row.box] = max(found.get(row.box, (0, "")), (row.version, row.sha256))
        return found

    def history(self, box: str, *, limit: int) -> list[ConfigVersion]:
        """Return the versions of a box's configuration, newest first."""
        query = (
            select(box_configs)
            .where(box_configs.c.box == box)
            .order_by(box_configs.c.version.desc())
            .limit(limit)
        )
        with self._store.read() as connection:
            return [
                ConfigVersion(
                    config=_config(row),
                    made_at_us=row.made_at_us,
                    made_by=row.made_by,
                    reason=row.reason,
                )
                for row in connection.execute(query)
            ]

    def changes(self, since: int, districts: Sequence[str], *, limit: int) -> DesiredPage:
        """Return what changed after revision ``since``; of each box only the newest version.

        Args:
            since: the last revision that is known already.
            districts: only boxes of these; none for all.
            limit: most versions looked at.
        """
        query = (
            select(box_configs)
            .where(box_configs.c.revision > since)
            .order_by(box_configs.c.revision)
            .limit(limit)
        )
        with self._store.read() as connection:
            rows = connection.execute(query).all()
            latest = _revision(connection)
        reached = rows[-1].revision if len(rows) == limit else latest
        newest = {
            row.box: _config(row) for row in rows if not districts or row.district in districts
        }
        return DesiredPage(
            revision=reached, complete=reached >= latest, configs=tuple(newest.values())
        )

    def revision(self) -> int:
        """Return the revision of the latest change; 0 where there was none."""
        with self._store.read() as connection:
            return _revision(connection)


def _revision(connection: Connection) -> int:
    return int(connection.scalar(select(func.max(box_configs.c.revision))) or 0)


def _newest(connection: Connection, box: str) -> Row[Any] | None:
    return connection.execute(
        select(box_configs)
        .where(box_configs.c.box == box)
        .order_by(box_configs.c.version.desc())
        .limit(1)
    ).one_or_none()


def _config(row: Row[Any]) -> DesiredConfig:
    return DesiredConfig(
        box=row.box,
        district=row.district,
        site=row.site,
        version=row.version,
        sha256=row.sha256,
        config=msgspec.json.decode(row.body),
    )
