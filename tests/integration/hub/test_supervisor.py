"""The hub as a process: started, healthy, stopped, killed, and what it keeps through it."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cityloop.hub.config import Discard, HubConfig, StreamConfig
from cityloop.hub.errors import ServerDied
from cityloop.hub.register import Register
from cityloop.hub.supervisor import Hub, check_health, reload_running
from contracts.topics import Kind
from runtime.session import Session, Will
from tests.contract.runtime.brokers import DEADLINE_S, wait_until
from tests.integration.hub.hubs import ROOT, hub_config, log_in, password_file, take

pytestmark = pytest.mark.slow


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """Yield a started hub."""
    started = Hub(hub_config(tmp_path))
    started.start()
    yield started
    started.stop()


@pytest.fixture
def sessions() -> Iterator[list[Session]]:
    """Yield a list of sessions that are closed afterwards."""
    opened: list[Session] = []
    yield opened
    for session in opened:
        session.close()


def streams(config: HubConfig) -> dict[str, dict[str, object]]:
    """Return the configuration of each stream of ours, as the server tells it."""
    url = f"http://127.0.0.1:{config.monitor.port}/jsz?streams=true&config=true"
    with urllib.request.urlopen(url, timeout=5.0) as answer:
        body = msgspec.json.decode(answer.read())
    found = body["account_details"][0]["stream_detail"]
    return {one["name"]: one["config"] for one in found if not one["name"].startswith("$")}


def test_it_starts_healthy_and_stops_cleanly(hub: Hub) -> None:
    """A started hub is well; after the stop it is gone, with status 0."""
    health = hub.health()
    pid = hub.pid

    status = hub.stop()

    assert (health.ok, health.streams) == (True, 6)
    assert status == 0
    assert pid is not None
    assert not Path(f"/proc/{pid}").exists()
    assert not hub.health().ok


def test_its_streams_have_their_limits(hub: Hub) -> None:
    """Each stream has subjects, age, bytes and discard policy as configured."""
    found = streams(hub.config)

    assert {"READINGS", "TRACKS", "OBSERVATIONS", "URGENT", "STATUS"} == set(found)
    readings = found["READINGS"]
    assert readings["subjects"] == ["city.v1.*.*.*.readings"]
    assert readings["max_age"] == 86_400 * 10**9
    assert (readings["max_bytes"], readings["discard"]) == (4_000_000_000, "old")
    assert found["TRACKS"]["subjects"] == ["city.v1.*.*.*.tracks", "city.v1.*.*.*.counts"]


def test_changed_limits_are_applied_at_the_next_start(hub: Hub) -> None:
    """A stream that exists is brought to the new limits, not made again."""
    hub.stop()
    smaller = {
        "READINGS": StreamConfig(
            kinds=(Kind.READINGS,), max_age_s=60, max_bytes=5_000_000, discard=Discard.NEW
        )
    }

    again = Hub(msgspec.structs.replace(hub.config, streams=smaller))
    again.start()

    readings = streams(again.config)["READINGS"]
    again.stop()
    assert (readings["max_bytes"], readings["discard"]) == (5_000_000, "new")


def test_syncing_at_every_message_can_be_had(tmp_path: Path) -> None:
    """``sync_interval_s: 0`` is understood by the server."""
    config = msgspec.structs.replace(hub_config(tmp_path), sync_interval_s=0.0)
    hub = Hub(config)
    hub.start()

    text = (config.data / "nats-server.conf").read_text()

    assert hub.stop() == 0
    assert 'sync_interval: "always"' in text


def test_a_port_in_use_is_told_with_the_servers_log(hub: Hub, tmp_path: Path) -> None:
    """A second hub on the same port ends with the reason, and leaves the first alone."""
    other = tmp_path / "other"
    other.mkdir()
    config = msgspec.structs.replace(hub_config(other), mqtt=hub.config.mqtt)

    with pytest.raises(ServerDied, match="address already in use"):
        Hub(config).start()

    assert hub.health().ok


def test_two_hundred_messages_survive_a_kill(
    hub: Hub, tmp_path: Path, sessions: list[Session]
) -> None:
    """What was PUBACKed for a session that is away is there after kill -9 and a restart."""
    log_in(tmp_path, hub.config, "gateway", f"{ROOT}/+/readings").close()
    box = log_in(tmp_path, hub.config, "box-1")
    for number in range(200):
        wait_until(lambda n=number: box.publish(f"{ROOT}/box-1/readings", b"%d" % n), "published")  # type: ignore[misc]
    wait_until(lambda: box._in_flight == 0, "all are PUBACKed")

    assert hub.pid is not None
    os.kill(hub.pid, signal.SIGKILL)
    wait_until(lambda: hub.pid is None, "the server is dead")
    hub.start()

    gateway = log_in(tmp_path, hub.config, "gateway", f"{ROOT}/+/readings")
    sessions += [box, gateway]
    got = {int(message.payload) for message in take(gateway, 200, 30.0)}
    assert set(range(200)) == got


def test_a_will_is_retained_through_a_restart(
    hub: Hub, tmp_path: Path, sessions: list[Session]
) -> None:
    """The last will of a box whose connection broke is there for who comes later."""
    topic = f"{ROOT}/box-1/status"
    box = log_in(tmp_path, hub.config, "box-1", will=Will(topic, b"offline"))
    # the connection breaks without a goodbye
    client = box._client
    assert client is not None
    box._closing.set()
    client._sock_close()
    box.close()
    watcher = log_in(tmp_path, hub.config, "gateway", topic)
    assert take(watcher, 1)[0].payload == b"offline"
    watcher.close()
    hub.stop()
    hub.start()

    late = log_in(tmp_path, hub.config, "gateway", topic, client_id="late")
    sessions.append(late)

    (got,) = take(late, 1)
    assert (got.payload, got.retained) == (b"offline", True)


def test_a_box_added_at_run_time_may_log_in_at_once(
    hub: Hub, tmp_path: Path, sessions: list[Session]
) -> None:
    """Registering a box disturbs nobody who is connected."""
    old = log_in(tmp_path, hub.config, "box-1")
    sessions.append(old)
    password = Register(hub.config.data).add("box-3", "minhang", "bridge", 4)
    # the tests' log_in writes its own idea of a password; give it this one
    assert reload_running(hub.config)
    Path(password_file(tmp_path, "box-3")).write_text(password)

    def logged_in() -> bool:
        session = _try(tmp_path, hub.config)
        sessions.append(session)
        session.wait(0.5)
        return session.connected

    wait_until(logged_in, "the new box is logged in")

    assert old.connected
    assert old.counters["disconnects"] == 0


def _try(folder: Path, config: HubConfig) -> Session:
    from runtime.mqtt_client import MqttConfig  # noqa: PLC0415 - beside its only use
    from runtime.mqtt_session import MqttSession  # noqa: PLC0415 - as above

    session = MqttSession(
        MqttConfig(
            port=config.mqtt.port,
            client_id="box-3",
            username="box-3",
            password_file=str(folder / "box-3.password"),
        )
    )
    session.start()
    return session


def hub_yaml(folder: Path) -> tuple[Path, HubConfig]:
    """Write a hub's configuration file, and return it."""
    config = hub_config(folder)
    path = folder / "hub.yaml"
    # JSON is YAML
    path.write_bytes(msgspec.json.encode(config))
    return path, config


def cityloop(*words: str) -> list[str]:
    """Return a command line."""
    return [sys.executable, "-m", "cityloop", "hub", *words]


def test_the_command_runs_a_hub_until_it_is_asked_to_stop(tmp_path: Path) -> None:
    """``run`` serves, ``health`` says so, SIGTERM ends both processes with status 0."""
    path, config = hub_yaml(tmp_path)
    with (tmp_path / "log").open("wb") as log:
        run = subprocess.Popen(cityloop("run", "--config", str(path)), stdout=log, stderr=log)
    wait_until(lambda: check_health(config).streams == 6, "the hub is up")
    told = subprocess.run(
        cityloop("health", "--config", str(path), "--json"),
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    server = int((config.data / "nats-server.pid").read_text())

    run.send_signal(signal.SIGTERM)

    assert run.wait(DEADLINE_S) == 0
    assert msgspec.json.decode(told.stdout)["ok"] is True
    assert not Path(f"/proc/{server}").exists()


def test_a_server_that_a_killed_supervisor_left_is_replaced(tmp_path: Path) -> None:
    """After kill -9 of ``hub run`` alone, the next start ends the orphan and takes its place."""
    path, config = hub_yaml(tmp_path)
    with (tmp_path / "log").open("wb") as log:
        first = subprocess.Popen(cityloop("run", "--config", str(path)), stdout=log, stderr=log)
    wait_until(lambda: check_health(config).streams == 6, "the hub is up")
    orphan = int((config.data / "nats-server.pid").read_text())
    first.kill()
    first.wait(DEADLINE_S)

    hub = Hub(config)
    hub.start()

    pid = hub.pid
    hub.stop()
    assert pid not in {None, orphan}
    assert not Path(f"/proc/{orphan}").exists()


def test_the_command_ends_when_the_server_does(tmp_path: Path) -> None:
    """A server that dies takes ``hub run`` along, with status 1, so that its keeper notices."""
    path, config = hub_yaml(tmp_path)
    with (tmp_path / "log").open("wb") as log:
        run = subprocess.Popen(cityloop("run", "--config", str(path)), stdout=log, stderr=log)
    wait_until(lambda: check_health(config).streams == 6, "the hub is up")

    os.kill(int((config.data / "nats-server.pid").read_text()), signal.SIGKILL)

    assert run.wait(DEADLINE_S) == 1
    assert "ended by itself" in (tmp_path / "log").read_text()
