"""The doctor at real brokers: it passes the good ones and names what is wrong with the others."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cityloop.hub.supervisor import Hub
from tests.contract.runtime.brokers import MOSQUITTO, start_mosquitto
from tests.integration.hub.hubs import hub_config, password_file

pytestmark = pytest.mark.slow


def examine(*words: str) -> tuple[int, dict[str, str]]:
    """Run ``cityloop doctor``; return its exit status and the verdict of each check."""
    command = [sys.executable, "-m", "cityloop", "doctor", "--json", *words]
    ended = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert ended.stdout, ended.stderr.decode()
    return ended.returncode, {one["check"]: one["verdict"] for one in json.loads(ended.stdout)}


def test_the_hub_is_sound(tmp_path: Path) -> None:
    """Everything that ``cityloop hub`` sets up passes."""
    hub = Hub(hub_config(tmp_path))
    hub.start()
    login = ["--username", "admin", "--password-file", password_file(tmp_path, "admin")]
    monitor = f"http://127.0.0.1:{hub.config.monitor.port}"

    status, verdicts = examine(
        "--port", str(hub.config.mqtt.port), *login, "--nats-monitor", monitor
    )

    hub.stop()
    assert set(verdicts.values()) == {"ok"}
    assert {"jetstream", "sync_interval", "in flight", "queue", "retained"} <= set(verdicts)
    assert status == 0


@pytest.mark.skipif(not MOSQUITTO.exists(), reason="apt-get install mosquitto")
def test_mosquittos_defaults_are_found_out(tmp_path: Path) -> None:
    """A receiver stalls at 20 and the queue drops what it acknowledged; both are named."""
    broker = start_mosquitto(tmp_path)

    status, verdicts = examine("--port", str(broker.port))

    broker.stop()
    assert (verdicts["in flight"], verdicts["queue"]) == ("fail", "warn")
    assert "ok" == verdicts["session"] == verdicts["retained"] == verdicts["large payload"]
    assert status == 1


@pytest.mark.skipif(not MOSQUITTO.exists(), reason="apt-get install mosquitto")
def test_mosquitto_as_advised_is_sound(tmp_path: Path) -> None:
    """With the settings that the doctor asks for, it has no complaint."""
    broker = start_mosquitto(
        tmp_path,
        "max_inflight_messages 1000",
        "max_queued_messages 100000",
        "autosave_interval 1",
        "autosave_on_changes true",
    )

    status, verdicts = examine(
        "--port", str(broker.port), "--mosquitto-conf", str(tmp_path / "mosquitto.conf")
    )

    broker.stop()
    # the tests' broker lets anybody in
    assert verdicts.pop("allow_anonymous") == "warn"
    assert set(verdicts.values()) == {"ok"}
    assert status == 0


def test_a_broker_that_is_not_there_is_a_failure() -> None:
    """No connection is one finding, and the status is 1."""
    status, verdicts = examine("--port", "1")

    assert verdicts == {"connect": "fail"}
    assert status == 1


def test_a_login_that_may_not_listen_is_told(tmp_path: Path) -> None:
    """A box's login cannot examine the hub; the doctor says so instead of passing it."""
    hub = Hub(hub_config(tmp_path))
    hub.start()
    login = ["--username", "box-1", "--password-file", password_file(tmp_path, "box-1")]

    status, verdicts = examine("--port", str(hub.config.mqtt.port), *login)

    hub.stop()
    assert verdicts == {"connect": "ok", "subscribe": "fail"}
    assert status == 1
