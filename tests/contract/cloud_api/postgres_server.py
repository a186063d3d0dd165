"""A PostgreSQL server of the tests' own: a fresh cluster on a free port, ended by its pid."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

BIN = Path("/usr/lib/postgresql/15/bin")


def missing() -> str | None:
    """Return why no server can be started here, or None."""
    if not (BIN / "initdb").exists():
        return f"{BIN}/initdb is absent: install the Debian package postgresql-15"
    if os.geteuid() == 0 and "postgres" not in {user.pw_name for user in pwd.getpwall()}:
        return "initdb refuses root and there is no user postgres"
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_server() -> Iterator[str]:
    """Yield the URL of an administrative database, without a database name at its end."""
    folder = Path(tempfile.mkdtemp(prefix="cityloop-pg-"))
    other = "postgres" if os.geteuid() == 0 else None
    if other is not None:
        shutil.chown(folder, other, other)
    data = folder / "data"
    with (folder / "initdb.log").open("wb") as log:
        subprocess.run(
            [
                BIN / "initdb",
                "-D",
                data,
                "-U",
                "cityloop",
                "-A",
                "trust",
                "--no-sync",
                "-E",
                "UTF8",
            ],
            user=other,
            check=True,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    port = _free_port()
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [
                BIN / "postgres",
                *("-D", data, "-k", folder, "-p", str(port)),
                *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"),
            ],
            user=other,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        url = f"postgresql://cityloop@127.0.0.1:{port}"
        _wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)
        shutil.rmtree(folder)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def fresh_database(server_url: str, name: str, like: str = "template1") -> Iterator[str]:
    """Yield the URL of a new database: empty, or a copy of the one named ``like``."""
    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"'.encode())
    try:
        yield f"{server_url}/{name}"
    finally:
        with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
