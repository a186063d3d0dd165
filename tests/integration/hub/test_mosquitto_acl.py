"""The hub's permissions at a real Mosquitto, and how a box is revoked there."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from cityloop.hub.mosquitto_acl import mosquitto_acl
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from tests.contract.runtime.brokers import MOSQUITTO, Broker, start_mosquitto, wait_until
from tests.integration.hub.hubs import ROOT, take

pytestmark = pytest.mark.slow

USERS = ("gateway", "api", "box-1", "box-2")


class House:
    """A running Mosquitto with files of users and permissions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "acl").write_text(mosquitto_acl())
        (folder / "passwd").touch(mode=0o600)
        (folder / "acl").chmod(0o600)
        for user in USERS:
            self._passwd("-b", str(folder / "passwd"), user, f"secret-of-{user}")
            (folder / user).write_text(f"secret-of-{user}")
        self.broker: Broker = start_mosquitto(
            folder,
            "per_listener_settings false",
            f"acl_file {folder}/acl",
            f"password_file {folder}/passwd",
        )
        self.sessions: list[MqttSession] = []

    @staticmethod
    def _passwd(*words: str) -> None:
        program = which("mosquitto_passwd")
        if program is None:
            pytest.skip("mosquitto_passwd is not installed")
        subprocess.run([program, *words], check=True, capture_output=True)

    def session(self, user: str, *filters: str) -> MqttSession:
        """Return a logged-in session of a user."""
        session = MqttSession(
            MqttConfig(
                port=self.broker.port,
                client_id=user,
                username=user,
                password_file=str(self.folder / user),
                reconnect_cap_s=0.2,
            )
        )
        self.sessions.append(session)
        for topic_filter in filters:
            session.subscribe(topic_filter)
        session.start()
        wait_until(lambda: session.connected, f"{user} is logged in")
        return session

    def revoke(self, user: str) -> None:
        """Take a user's password away and let Mosquitto read its files again."""
        self._passwd("-D", str(self.folder / "passwd"), user)
        assert self.broker._process is not None
        os.kill(self.broker._process.pid, signal.SIGHUP)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Yield a running Mosquitto."""
    if not MOSQUITTO.exists():
        pytest.skip("mosquitto is not installed")
    running = House(tmp_path)
    yield running
    for session in running.sessions:
        session.close()
    running.broker.stop()


def test_a_box_speaks_below_its_own_name_only(house: House) -> None:
    """Its own topics arrive, another box's and its own orders do not; it hears its own orders."""
    gateway = house.session("gateway", "city/#")
    box = house.session("box-1", f"{ROOT}/box-1/command", f"{ROOT}/box-2/command")
    for topic in (f"{ROOT}/box-2/readings", f"{ROOT}/box-1/command", "city/v1/minhang/events"):
        assert box.publish(topic, b"forged")
    assert box.publish(f"{ROOT}/box-1/readings", b"own")
    (heard,) = take(gateway, 1)
    assert gateway.publish(f"{ROOT}/box-2/command", b"not yours")
    assert gateway.publish(f"{ROOT}/box-1/command", b"yours")

    assert heard.payload == b"own"
    assert [message.payload for message in take(box, 1)] == [b"yours"]


def test_a_revoked_box_is_cut_off(house: House) -> None:
    """With its password gone and SIGHUP its session ends, and it is refused from then on."""
    gateway = house.session("gateway", "city/#")
    box = house.session("box-1")
    house.revoke("box-1")
    wait_until(lambda: not box.connected, "the session is cut", 10.0)
    wait_until(lambda: box.counters["refusals"], "it is refused", 10.0)

    assert not box.connected
    assert gateway.connected
