"""The configurations of compose.laptop.yml, run together as processes on loopback instead of in containers."""

import json
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulators.scenario import build_scenario
from simulators.truth import expected_events
from tests.integration.packaging.wheels import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

CONFIG = REPOSITORY / "docker" / "config"


def free_ports(count: int) -> list[int]:
    """Return loopback ports that were free a moment ago."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class Laptop:
    """The files of docker/config, moved to a folder and to loopback, and the processes they start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hub, self.api, client, monitor, metrics = free_ports(5)
        self._moves = [
            (r"/run/secrets/", f"{folder}/secrets/"),
            (r"/var/lib/cityloop", f"{folder}/var"),
            (r"/etc/cityloop/packs", str(REPOSITORY / "rules" / "packs")),
            (r"http://cloud-api:8080", f"http://127.0.0.1:{self.api}"),
            (r"0\.0\.0\.0", "127.0.0.1"),
            (r"(?m)^( *)host: hub$", rf"\1host: 127.0.0.1\n\1port: {self.hub}"),
            (r"port: 1883", f"port: {self.hub}"),
            (r"port: 8080", f"port: {self.api}"),
            (r"port: 4222", f"port: {client}"),
            (r"port: 8222", f"port: {monitor}"),
            (r"port: 9464", f"port: {metrics}"),
        ]
        (folder / "var").mkdir()
        (folder / "secrets").mkdir()
        for name in ("hub-admin", "hub-gateway", "hub-api", "hub-box-1"):
            self.secret(name, secrets.token_hex(24))
        self._running: list[subprocess.Popen[bytes]] = []

    def secret(self, name: str, value: str) -> None:
        """Write a secret as docs/docker.md says."""
        path = self.folder / "secrets" / name
        path.write_text(value + "\n")
        path.chmod(0o400)

    def config(self, name: str, more: str = "") -> str:
        """Return the path of a configuration of docker/config, moved to this folder."""
        text = (CONFIG / name).read_text(encoding="utf-8")
        for pattern, replacement in self._moves:
            text = re.sub(pattern, replacement, text)
        path = self.folder / name
        path.write_text(text + more, encoding="utf-8")
        return str(path)

    def tool(self, *arguments: str) -> dict[str, Any]:
        """Run a command that prints one JSON object."""
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def start(self, *arguments: str) -> None:
        """Start a service; its output goes into a file of the folder."""
        with (self.folder / f"{arguments[0]}.log").open("wb") as sink:
            self._running.append(
                subprocess.Popen(
                    [sys.executable, "-m", *arguments], stdout=sink, stderr=subprocess.STDOUT
                )
            )

    def wait_for(self, port: int) -> None:
        """Return once something listens on a port."""
        deadline = time.monotonic() + 40.0
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        logs = "\n".join(path.read_text()[-1500:] for path in self.folder.glob("*.log"))
        pytest.fail(f"nothing on port {port}: {logs}")

    def events(self, key: str) -> list[dict[str, Any]]:
        """Return the events that the API lists, as the gateway posted them."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.api}/v1/events?limit=200",
            headers={"Authorization": f"Bearer {key}"},
        )
        with urllib.request.urlopen(request, timeout=5.0) as answer:
            return [item["event"] for item in json.load(answer)["items"]]

    def finish(self) -> int:
        """Wait until the youngest process has ended by itself; return how."""
        return self._running.pop().wait(30.0)

    def stop(self) -> list[int]:
        """End every process, the youngest first; return how they ended."""
        ends: list[int] = []
        for process in reversed(self._running):
            process.send_signal(signal.SIGTERM)
            try:
                ends.append(process.wait(20.0))
            except subprocess.TimeoutExpired:
                process.kill()
                ends.append(process.wait(5.0))
        self._running = []
        return ends


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    """A laptop whose processes are ended at the end."""
    made = Laptop(tmp_path)
    yield made
    made.stop()


def test_the_laptops_configurations_close_the_loop(laptop: Laptop) -> None:
    """Started as docs/docker.md says, the simulated storm becomes the expected events at the API."""
    api = laptop.config("cloud_api.laptop.yaml")
    admin = laptop.tool("cloud_api", "init", "--config", api, "--json")["admin_key"]
    laptop.start("cityloop", "hub", "run", "--config", laptop.config("hub.yaml"))
    laptop.start("cloud_api", "serve", "--config", api)
    laptop.wait_for(laptop.api)
    made = laptop.tool(
        *("cloud_api", "keys", "create", "--config", api, "--json"),
        *("--name", "gateway", "--role", "gateway"),
    )
    laptop.secret("api-gateway-key", made["key"])
    laptop.wait_for(laptop.hub)
    laptop.start("gateway", "run", "--config", laptop.config("gateway.laptop.yaml"))
    begun = datetime.now(UTC) - timedelta(seconds=500)
    past = f"start_at: {begun.isoformat()}\ncatch_up_s: 600\nuntil_s: 500\n"
    laptop.start("simulators", "run", "--config", laptop.config("simulators.yaml", past))

    expected = {
        (event.subject, event.peak.value)
        for event in expected_events(build_scenario("rainstorm", 1), until_s=500.0)
    }
    deadline = time.monotonic() + 60.0
    found: set[tuple[str, str]] = set()
    while not found >= expected and time.monotonic() < deadline:
        time.sleep(0.2)
        found = {
            (event["subject"], event["level"])
            for event in laptop.events(str(admin))
            if event["rule"] == "waterlogging"
        }
    simulated = laptop.finish()
    ends = laptop.stop()

    assert expected == found
    assert (simulated, ends) == (0, [0, 0, 0])
