"""The real server as a process of its own, on a free loopback port, ended by its pid."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from cloud_api.bootstrap import open_database
from cloud_api.config import ApiConfig
from cloud_api.keys import KeyRing, Role
from cloud_api.migrate import upgrade
from runtime.yaml_document import load_config
from tests.contract.cloud_api.conftest import (
    database_url,
    migrated_database,
    migrated_file,
    postgres_url,
)
from tests.contract.cloud_api.events import START

__all__ = ["database_url", "migrated_database", "migrated_file", "postgres_url"]

DEADLINE_S = 90.0
T = TypeVar("T")


def wait_for(look: Callable[[], T | None], what: str) -> T:
    """Return what ``look`` finds, once it finds something."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"{what}: not within {DEADLINE_S:g} s")


class Server:
    """A server that can be started, killed and started again on the same database."""

    def __init__(self, folder: Path, database: str, **settings: object) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.config_path = folder / "api.yaml"
        lines = {
            "port": self.port,
            "database_url": database,
            "evidence_dir": folder / "evidence",
            "projector_interval_s": 0.02,
            **settings,
        }
        self.config_path.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))
        self.config = load_config(self.config_path, ApiConfig)
        self.tokens: dict[Role, str] = {}
        self.process: subprocess.Popen[bytes] | None = None

    def make_keys(self) -> None:
        """Make one key for each role."""
        store = open_database(self.config)
        upgrade(store)
        ring = KeyRing(store, cache_s=0.0)
        self.tokens = {role: ring.create(f"{role}-1", role, START)[1] for role in Role}
        store.dispose()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cloud_api", "serve", "--config", str(self.config_path)],
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONWARNINGS": "default"},
            )

        def healthy() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            try:
                return httpx.get(f"{self.url}/healthz", timeout=5.0).status_code == 200
            except httpx.TransportError:
                return False

        wait_for(healthy, "server is healthy")

    def kill(self) -> None:
        """Kill the process without warning."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=DEADLINE_S)

    def stop(self) -> int:
        """End the process politely and return its exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=DEADLINE_S)

    def client(self, role: Role | None, **options: Any) -> httpx.Client:
        """Return a client that holds the key of a role, or none."""
        headers = {} if role is None else {"Authorization": f"Bearer {self.tokens[role]}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20.0, **options)


@pytest.fixture
def cold_server(tmp_path: Path, database_url: str) -> Iterator[Server]:
    """A server that is not running yet."""
    made = Server(tmp_path, database_url, database_timeout_s=3)
    made.make_keys()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server on SQLite, shared by the tests of one file."""
    folder = tmp_path_factory.mktemp("api")
    made = Server(folder, f"sqlite:///{folder}/api.sqlite", stream_heartbeat_s=1.0)
    made.make_keys()
    made.start()
    yield made
    assert made.stop() == 0, (folder / "server.log").read_text()
