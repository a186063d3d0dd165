"""A fleet of real processes: enrolled, configured, killed anywhere, and of one mind in the end."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cityloop.stack.documents import write_document
from cityloop.stack.loopback import wait_until
from cityloop.stack.plan import plan_stack
from cityloop.stack.stack import Stack
from runtime.yaml_document import load_document

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

BOX = "box-7"
DEADLINE_S = 90.0


class Fleet:
    """Hub, API and gateway as processes, and a box that enrols."""

    def __init__(self, folder: Path) -> None:
        self.plan = plan_stack(folder)
        self.stack = Stack(self.plan, [])
        self.stack.prepare(gateway={"identity": {"poll_s": 0.3, "report_s": 0.3}})
        self.stack.start()
        key = self.plan.secret("admin.key").read_text("utf-8").strip()
        headers = {"Authorization": f"Bearer {key}"}
        self.api = httpx.Client(base_url=self.plan.api_url, headers=headers, timeout=10.0)

    def run(self, *words: str) -> str:
        """Run a command of ours and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "cityloop", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def fleet(self, *words: str) -> str:
        """Run ``cityloop fleet`` as the administrator."""
        key = str(self.plan.secret("admin.key"))
        return self.run("fleet", *words, "--api", self.plan.api_url, "--key-file", key)

    def enrol(self) -> None:
        """Enrol the box by command, and start it."""
        where = ("--district", self.plan.district, "--site", self.plan.site)
        token = self.fleet("token", "create", "--box", BOX, *where)
        self.config = self.plan.folder / BOX / "edge.yaml"
        self.config.parent.mkdir()
        hub = f"127.0.0.1:{self.plan.ports.mqtt}"
        options = ("--token", token, "--api", self.plan.api_url, "--hub", hub)
        self.run("edge", "enrol", "--config", str(self.config), *options)
        document: dict[str, Any] = load_document(self.config).data
        document["hub"]["reconnect_cap_s"] = 0.5
        sensor = {"driver": "simulated", "subject": "w-1", "profile": "water_level", "every_s": 1}
        document["sensors"] = [sensor | {"fields": {"depth_m": {"base": 0.1}}}]
        write_document(self.config, document)
        self.stack.add("edge", [sys.executable, "-m", "edge", "run", "--config", str(self.config)])

    def desire(self, seconds: float) -> int:
        """Say how often the box's heart shall beat; return the version."""
        answer = self.api.put(
            f"/v1/boxes/{BOX}/config",
            params={"reason": "test"},
            json={"status_every_s": seconds, "sensors": {"w-1": {"every_s": seconds}}},
        )
        assert answer.status_code == 200, answer.text
        return int(answer.json()["version"])

    def kill(self, name: str) -> None:
        """Kill a process and start it again."""
        self.stack.processes[name].kill()
        self.stack.processes[name].start()
        if name in {"api", "hub"}:
            self.stack.await_ready(name)

    def shown(self) -> dict[str, Any]:
        """Return desired and reported as the API shows them; nothing while it is away."""
        try:
            found: dict[str, Any] = self.api.get(f"/v1/boxes/{BOX}/config").json()
        except (httpx.HTTPError, ValueError):
            return {}
        return found

    def close(self) -> None:
        """End every process."""
        self.api.close()
        self.stack.stop()


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """Yield a running fleet with one enrolled box."""
    running = Fleet(tmp_path)
    try:
        running.enrol()
        yield running
    finally:
        running.close()


def test_killed_anywhere_it_converges(fleet: Fleet) -> None:
    """API, gateway, box and hub are killed in the middle of changes; all agree in the end."""
    assert wait_until(lambda: fleet.shown().get("reported") is not None, DEADLINE_S)
    fleet.desire(0.9)
    fleet.kill("gateway")
    fleet.desire(0.8)
    fleet.kill("edge")
    fleet.desire(0.7)
    fleet.kill("api")
    fleet.desire(0.6)
    fleet.kill("hub")
    version = fleet.desire(0.5)
    fleet.kill("edge")
    fleet.kill("gateway")

    assert wait_until(lambda: fleet.shown().get("in_sync") is True, DEADLINE_S), fleet.shown()
    found = fleet.shown()
    assert found["reported"]["version"] == found["desired"]["version"] == version
    assert found["reported"]["sections"] == {"status_every_s": "applied", "sensors.w-1": "applied"}
    state = fleet.api.get(f"/v1/fleet/boxes/{BOX}").json()
    assert (state["enrolled"], state["report"]["online"]) == (True, True)

    fleet.fleet("revoke", BOX)

    def offline() -> bool:
        report = fleet.api.get(f"/v1/fleet/boxes/{BOX}").json()["report"]
        return report["online"] is False

    assert wait_until(offline, DEADLINE_S)
