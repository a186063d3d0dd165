"""Desired configurations on the gateway's disk: the API may be down, and the hub may lose them."""

import sqlite3
from pathlib import Path

import msgspec

from contracts.registry import DesiredConfig
from gateway.errors import StoreError
from gateway.store import open_store

__all__ = ["DesiredStore"]

_VERSION = 1
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS desired (box TEXT PRIMARY KEY, body BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS position (one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL)",
)
_DECODER = msgspec.json.Decoder(DesiredConfig)


class DesiredStore:
    """What each box should run, and how far the API's list is known; synchronous FULL."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = open_store(path, schema=_SCHEMA, version=_VERSION, synchronous="FULL")
        row = self._db.execute("SELECT revision FROM position").fetchone()
        self.revision: int = 0 if row is None else row[0]
        self.configs: dict[str, DesiredConfig] = {
            box: _DECODER.decode(body)
            for box, body in self._db.execute("SELECT box, body FROM desired")
        }

    def put(self, configs: tuple[DesiredConfig, ...], revision: int) -> list[str]:
        """Keep configurations and the revision; return the boxes for which something is new.

        Raises:
            StoreError: nothing was kept.
        """
        fresh = [config for config in configs if self.configs.get(config.box) != config]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT OR REPLACE INTO desired VALUES (?,?)",
                [(config.box, msgspec.json.encode(config)) for config in fresh],
            )
            self._db.execute("INSERT OR REPLACE INTO position VALUES (1,?)", (revision,))
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise StoreError(
                f"desired configurations {self._path}: {error}; check the disk and its free space"
            ) from error
        self.revision = revision
        self.configs |= {config.box: config for config in fresh}
        return [config.box for config in fresh]

    def close(self) -> None:
        """Close the file."""
        self._db.close()
