"""The power goes under PostgreSQL right after the API answered 2xx."""

import os
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from cloud_api.keys import Role
from tests.contract.cloud_api.events import body_of, event_id, make_event
from tests.contract.cloud_api.postgres_server import BIN, missing
from tests.contract.runtime.brokers import free_port, wait_until
from tests.e2e.faults.power import CuttableDisk, DiskRefused
from tests.integration.cloud_api.conftest import Server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(missing() is not None, reason="PostgreSQL is not installed"),
]


class Postgres:
    """A PostgreSQL server on a disk that can be cut; synced as it comes, but for one setting."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self._folder = folder
        self._settings = settings
        self._user = "postgres" if os.geteuid() == 0 else None
        self.port = free_port()
        if self._user is not None:
            shutil.chown(folder, self._user, self._user)
        subprocess.run(
            [BIN / "initdb", "-D", folder / "data", "-U", "cityloop", "-A", "trust"],
            user=self._user,
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
        self.start()

    @property
    def url(self) -> str:
        """The database as the API names it."""
        return f"postgresql://cityloop@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it and wait until it has recovered and answers."""
        options = [word for setting in self._settings for word in ("-c", setting)]
        self._server = subprocess.Popen(
            [
                str(BIN / "postgres"),
                *("-D", str(self._folder / "data"), "-k", "", "-p", str(self.port)),
                *options,
            ],
            user=self._user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
        wait_until(self._answers, "PostgreSQL answers", 60.0)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """End it at once; its children follow when they notice."""
        self._server.kill()
        self._server.wait(10)


def returned(disk: CuttableDisk) -> bool:
    """Return whether the disk could be mounted again: no process has files open any more."""
    try:
        disk.return_power()
    except DiskRefused:
        return False
    return True


@pytest.mark.parametrize(
    ("setting", "whole"),
    [("synchronous_commit=on", True), ("synchronous_commit=off", False)],
    ids=["on", "off"],
)
def test_an_api_on_postgresql_has_what_it_answered_2xx(
    tmp_path: Path, disk: CuttableDisk, at_end: ExitStack, setting: str, *, whole: bool
) -> None:
    """By default every answered event is there; asynchronous commits show that the cut takes some."""
    postgres = Postgres(disk.path, setting, "wal_writer_delay=10s")
    at_end.callback(postgres.kill)
    server = Server(tmp_path, postgres.url)
    server.make_keys()
    server.start()
    at_end.callback(server.kill)
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    disk.settle()
    with server.client(Role.GATEWAY) as client:
        answers = [
            client.post(
                "/v1/events",
                content=body_of(make_event(number)),
                headers={"Content-Type": "application/json"},
            ).status_code
            for number in range(20)
        ]
    disk.cut()
    server.kill()
    postgres.kill()
    wait_until(lambda: returned(disk), "PostgreSQL's children let go of the disk")

    postgres.start()
    server.start()
    with server.client(Role.OPERATOR) as client:
        listed = client.get("/v1/events", params={"limit": 100}).json()
    assert answers == [202] * 20
    answered = {event_id(number) for number in range(len(answers))}
    found = {item["event_id"] for item in listed["items"]}
    # PostgreSQL's own writers may have brought the first ones to the disk meanwhile
    assert found <= answered
    assert whole == (found == answered)
