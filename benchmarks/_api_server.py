"""A city's API as a process of its own, with an empty database and a key."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from benchmarks._posting import NOW, free_port, server_process, wait_until
from cloud_api.bootstrap import open_database
from cloud_api.config import ApiConfig
from cloud_api.keys import KeyRing, Role
from cloud_api.migrate import upgrade

__all__ = ["ApiServer", "api_server", "prepared"]


class ApiServer(NamedTuple):
    """A running API."""

    port: int
    token: str
    pid: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.Client:
        """Return a caller with the key."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=120.0)

    def lag(self) -> int:
        """Return how many stored events are not projected yet."""
        answer = httpx.get(f"{self.url}/healthz", timeout=30)
        return int(answer.json()["projector_lag_events"])

    def drain(self, deadline_s: float = 120.0) -> None:
        """Wait until every stored event is projected."""
        wait_until(lambda: self.lag() == 0, deadline_s)


def prepared(database: str) -> str:
    """Bring a database to the newest schema; return an admin's key to it."""
    store = open_database(ApiConfig(database_url=database))
    upgrade(store)
    token = KeyRing(store, cache_s=0.0).create("bench", Role.ADMIN, NOW)[1]
    store.dispose()
    return token


@contextmanager
def api_server(
    folder: Path, database: str, token: str, options: str = "", name: str = "api"
) -> Iterator[ApiServer]:
    """Run the API until the block ends.

    Args:
        folder: where its configuration, log and evidence go.
        database: URL of a database that :func:`prepared` has prepared.
        token: a key to it.
        options: more lines of the configuration.
        name: of its files.
    """
    port = free_port()
    path = folder / f"{name}.yaml"
    path.write_text(
        f"port: {port}\ndatabase_url: {database}\nevidence_dir: {folder}/evidence\n{options}"
    )
    command = [sys.executable, "-m", "cloud_api", "serve", "--config", str(path)]
    with server_process(command, port, folder / f"{name}.log") as pid:
        yield ApiServer(port, token, pid)
