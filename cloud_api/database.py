"""One store over SQLite (WAL) and PostgreSQL: reading, and writing one writer at a time by lane.

A *lane* is what only one transaction may append to at a time. On PostgreSQL it is an advisory
lock held until the commit, so sequence numbers become visible in order; SQLite has one writer for
the whole file anyway (``BEGIN IMMEDIATE``).
"""

import math
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from cloud_api.errors import StoreUnavailable

__all__ = ["Lane", "Store", "open_store"]

_WRITE = "cityloop_write"
_CACHE_KB = 32_768
"""Of each connection: the index of the intake log is written all over, and should not be read back."""

_ROOMY_KB = 524_288
"""Of a connection that writes everything anew: indexes whose order is not that of the rows are written all over."""

_RETURNED = "returned_s"
_IDLE_S = 2.0
"""After so long a connection may have lost its server without a word."""

_CHECKPOINT_PAGES = 16_000
"""64 MB of write-ahead log: only where nobody calls :meth:`Store.checkpoint` does a commit pay for it."""

_WAL_SWITCH_TRIES = 100
_WAL_SWITCH_PAUSE_S = 0.05


class Lane(IntEnum):
    """What one transaction at a time may append to; the value is PostgreSQL's lock key."""

    INTAKE = 730_001
    CASES = 730_002
    SCHEMA = 730_003
    EVIDENCE = 730_004
    KEYS = 730_005
    AUDIT = 730_006
    REGISTRY = 730_020
    NOTICES = 730_030
    WEBHOOKS = 730_031
    ORDERS = 730_032
    MODELS = 730_033


class Store:
    """Connections to one database; safe for any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._file_mutex = threading.Lock()

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection in a read transaction.

        Raises:
            StoreUnavailable: the database cannot be reached, or is busy beyond the timeout.
        """
        with _translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, lane: Lane) -> Iterator[Connection]:
        """Yield a connection that alone may append to ``lane``; commits unless it raises.

        Raises:
            StoreUnavailable: the database cannot be reached, is full, or is busy beyond the timeout.
        """
        with _translated():
            if self.dialect == "sqlite":
                with self._file_mutex, self._begin_immediate() as connection:
                    yield connection
                return
            with self._engine.begin() as connection:
                self.hold(connection, lane)
                yield connection

    def hold(self, connection: Connection, lane: Lane) -> None:
        """Hold one more lane until the transaction ends; SQLite's one writer holds all."""
        if self.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lane)"), {"lane": int(lane)})

    def unhurried(self, connection: Connection) -> None:
        """Let statements take as long as they need until the transaction ends: an index over millions of rows takes minutes."""
        if self.dialect == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))

    @contextmanager
    def roomy(self, connection: Connection) -> Iterator[None]:
        """Let SQLite keep more pages in memory while the block runs: half a gigabyte at most; PostgreSQL has its own."""
        if self.dialect != "sqlite":
            yield
            return
        connection.exec_driver_sql(f"PRAGMA cache_size=-{_ROOMY_KB}")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_KB}")

    @contextmanager
    def _begin_immediate(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            writing = connection.execution_options(**{_WRITE: True})
            with writing.begin():
                yield writing

    def checkpoint(self) -> None:
        """Copy SQLite's write-ahead log into its file; nobody waits for it but the caller.

        Left to itself, SQLite lets some commit pay: a post would wait for megabytes to reach the disk.
        Nothing is done on PostgreSQL, which has a process for that.

        Raises:
            StoreUnavailable: the disk is full or the database cannot be reached.
        """
        if self.dialect != "sqlite":
            return
        with _translated():
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
            except sqlite3.OperationalError as error:
                raise OperationalError("wal_checkpoint", None, error) from error
            finally:
                connection.close()

    def dispose(self) -> None:
        """Close every idle connection."""
        self._engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what waiting may mend into :class:`StoreUnavailable`; let defects through."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StoreUnavailable(
            f"database: {str(cause).strip()[:300]}; try again; if it lasts, check database_url, "
            "the free disk space and the server's log",
            headers={"Retry-After": "1"},
        ) from error


def open_store(url: URL, *, timeout_s: float, synchronous: str) -> Store:
    """Return a store on ``url``; connections are made when first needed.

    Args:
        url: ``sqlite:///file`` or ``postgresql+psycopg://...``.
        timeout_s: how long to wait for a connection, a lock or a statement, in seconds.
        synchronous: SQLite's setting, FULL or NORMAL; PostgreSQL keeps its own.
    """
    if url.get_backend_name() == "sqlite":
        return Store(_sqlite_engine(url, timeout_s=timeout_s, synchronous=synchronous))
    milliseconds = int(timeout_s * 1000)
    options = f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": max(1, int(timeout_s)), "options": options},
        pool_size=8,
        max_overflow=8,
        pool_timeout=timeout_s,
    )
    _ping_idle_ones(engine)
    return Store(engine)


def _ping_idle_ones(engine: Engine) -> None:
    """Ask a connection that has been idle whether its server is still there; one that was used just now is not asked.

    Asking each time is one question more of every transaction.
    """

    def returned(_connection: object, record: Any) -> None:
        record.info[_RETURNED] = time.monotonic()

    def lent(connection: Any, record: Any, _proxy: object) -> None:
        if time.monotonic() < record.info.get(_RETURNED, math.inf) + _IDLE_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise DisconnectionError from error

    event.listen(engine, "checkin", returned)
    event.listen(engine, "checkout", lent)


def _sqlite_engine(url: URL, *, timeout_s: float, synchronous: str) -> Engine:
    if url.database not in {None, "", ":memory:"}:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        connect_args={"timeout": timeout_s},
        pool_size=8,
        max_overflow=8,
        pool_timeout=timeout_s,
    )

    def prepare(connection: Any, _record: object) -> None:
        # Transactions are begun below, in full: the driver's own implicit BEGIN is deferred and
        # would fail with SQLITE_BUSY where a lock has to be upgraded.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={int(timeout_s * 1000)}")
        _switch_to_wal(connection)
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
        connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")

    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(_WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Set WAL mode; the switch ignores busy_timeout, so two processes starting at once retry."""
    for attempt in range(_WAL_SWITCH_TRIES):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if attempt == _WAL_SWITCH_TRIES - 1:
                raise
            time.sleep(_WAL_SWITCH_PAUSE_S)
        else:
            return
