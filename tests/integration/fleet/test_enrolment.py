"""From a token to a session at a real hub, and to its end, through the real API and commands."""

import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from cityloop.hub.config import HubConfig, HubRegister
from cityloop.hub.login_sync import LoginSync
from cityloop.hub.register import Register
from cityloop.hub.supervisor import Hub, reload_running
from cloud_api.keys import Role
from contracts.topics import Kind
from edge.config import load_edge_config
from runtime.mqtt_session import MqttSession
from tests.contract.runtime.brokers import wait_until
from tests.integration.cloud_api.conftest import Server
from tests.integration.hub.hubs import hub_config, log_in, take

pytestmark = pytest.mark.slow

WHERE = ("--district", "minhang", "--site", "bridge")


class House:
    """A running API, a running hub that follows it, and an administrator with his key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.api = Server(folder, f"sqlite:///{folder}/api.sqlite")
        self.api.make_keys()
        for role in (Role.HUB, Role.ADMIN):
            (folder / f"{role}.key").write_text(self.api.tokens[role])
        self.config: HubConfig = replace(
            hub_config(folder),
            boxes=(),
            register=HubRegister(api=self.api.url, key_file=str(folder / "hub.key"), timeout_s=5.0),
        )
        self.hub = Hub(self.config)
        assert self.config.register is not None
        self.sync = LoginSync(self.config, self.config.register, reload_running, Random(1))
        self.sessions: list[MqttSession] = []

    def fleet(self, *words: str) -> str:
        """Run ``cityloop fleet`` and return what it prints."""
        key = ("--api", self.api.url, "--key-file", str(self.folder / "admin.key"))
        return run("fleet", *words, *key).stdout.strip()

    def enrol(self, box: str) -> Path:
        """Enrol a box by command; return its configuration."""
        token = self.fleet("token", "create", "--box", box, *WHERE)
        path = self.folder / box / "edge.yaml"
        path.parent.mkdir(exist_ok=True)
        hub = f"127.0.0.1:{self.config.mqtt.port}"
        run(
            "edge",
            "enrol",
            "--config",
            str(path),
            "--token",
            token,
            "--api",
            self.api.url,
            "--hub",
            hub,
        )
        return path

    def connect(self, path: Path) -> MqttSession:
        """Return a session of the box that a configuration describes."""
        hub = load_edge_config(path).hub
        assert hub is not None
        anchored = replace(
            hub, password_file=str(path.parent / "hub.password"), reconnect_cap_s=0.2
        )
        session = MqttSession(anchored)
        self.sessions.append(session)
        session.start()
        return session

    def follow(self) -> bool:
        """Let the hub look at the API's list."""
        return self.sync.step(time.monotonic())


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours."""
    done = subprocess.run(
        [sys.executable, "-m", "cityloop", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Yield a house that all tests of this file share."""
    house = House(tmp_path_factory.mktemp("house"))
    house.api.start()
    house.hub.start()
    yield house
    house.hub.stop()
    assert house.api.stop() == 0


@pytest.fixture
def house(running: House) -> Iterator[House]:
    """Yield the house; what a test connects is closed after it."""
    running.sessions = []
    yield running
    for session in running.sessions:
        session.close()


def test_an_enrolled_box_is_heard_and_a_revoked_one_is_cut_off(house: House) -> None:
    """Token, login, message; revoked by command, its session ends within 5 s and stays ended."""
    gateway = log_in(house.folder, house.config, "gateway", "city/#")
    house.sessions.append(gateway)
    path = house.enrol("box-7")
    wait_until(house.follow, "the hub has heard of the box")
    box = house.connect(path)
    wait_until(lambda: box.connected, "the box is logged in")
    topic = "city/v1/minhang/bridge/box-7/readings"
    wait_until(lambda: box.publish(topic, b"heard"), "published")
    (heard,) = take(gateway, 1)

    house.fleet("revoke", "box-7")
    revoked = time.monotonic()
    wait_until(lambda: house.follow() or not box.connected, "the hub has heard of it")
    wait_until(lambda: not box.connected, "the session is cut")
    cut = time.monotonic()
    refusals = box.counters["refusals"]
    wait_until(lambda: box.counters["refusals"] > refusals, "the box is refused")

    assert heard.payload == b"heard"
    assert cut - revoked < 5.0
    assert not box.connected
    assert gateway.connected


def test_an_enrolled_box_speaks_for_itself_only(house: House) -> None:
    """Another box's topics, and its own orders, are not for it to publish."""
    gateway = log_in(house.folder, house.config, "gateway", "city/#", client_id="gateway-2")
    house.sessions.append(gateway)
    path = house.enrol("box-8")
    wait_until(house.follow, "the hub has heard of the box")
    box = house.connect(path)
    wait_until(lambda: box.connected, "the box is logged in")

    root = "city/v1/minhang/bridge"
    for topic in (f"{root}/box-7/readings", f"{root}/box-8/{Kind.COMMAND.value}"):
        assert box.publish(topic, b"forged")
    assert box.publish(f"{root}/box-8/readings", b"own")

    assert [message.payload for message in take(gateway, 1)] == [b"own"]


def test_secrets_are_for_the_owner_only(house: House) -> None:
    """Password and key are files that nobody else can read; the configuration names them."""
    path = house.enrol("box-9")
    secrets = [path.parent / name for name in ("hub.password", "api.key")]

    assert [stat.S_IMODE(file.stat().st_mode) for file in secrets] == [0o600, 0o600]
    assert secrets[0].read_text().strip() not in path.read_text()
    with house.api.client(None) as client:
        key = secrets[1].read_text().strip()
        put = client.put(
            "/v1/evidence/" + "0" * 64, content=b"", headers={"Authorization": f"Bearer {key}"}
        )
    assert put.status_code == 415


def test_a_token_for_another_box_is_told(house: House) -> None:
    """A configuration that says who the box is must agree with the token."""
    token = house.fleet("token", "create", "--box", "box-10", *WHERE)
    path = house.folder / "mine.yaml"
    path.write_text("box: {district: minhang, site: bridge, box: box-11}\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cityloop", "edge", "enrol", "--config", str(path)),
            *("--token", token, "--api", house.api.url),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "'box-11', the token was made for 'box-10'" in done.stderr


def test_the_hub_starts_with_what_it_knew(house: House) -> None:
    """The list is on the hub's disk, so that boxes can log in while the API is away."""
    house.enrol("box-12")
    wait_until(house.follow, "the hub has heard of the box")

    assert "box-12" in {login.box for login in Register(house.config.data).enrolled()}
