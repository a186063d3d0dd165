"""A whole box over mutual TLS: its readings reach a gateway that shows a certificate too."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contracts.codec import decode_message
from contracts.readings import Readings
from contracts.status import Status
from runtime.mqtt_session import MqttSession
from runtime.session import Inbound
from tests.contract.runtime.brokers import wait_until
from tests.integration.edge_doctor.secure_hub import SecureHub
from tests.integration.hub.hubs import ROOT

pytestmark = pytest.mark.slow

BOX = """
box: {{district: minhang, site: bridge, box: box-1}}
hub:
  port: {port}
  client_id: box-1
  username: box-1
  password_file: {folder}/box-1.password
  tls_ca: {folder}/ca.pem
  tls_cert: {cert}
  tls_key: {key}
sensors:
- {{driver: simulated, subject: w-1, profile: water_level, every_s: 0.2, fields: {{depth_m: {{base: 0.1}}}}}}
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureHub]:
    """Yield a running hub."""
    running = SecureHub(tmp_path_factory.mktemp("hub"))
    yield running
    running.hub.stop()


def run_box(house: SecureHub, folder: Path, papers: tuple[str, str]) -> "subprocess.Popen[bytes]":
    """Start a box as a process of its own."""
    house.client("box-1", papers)
    cert, key = papers
    config = folder / "edge.yaml"
    config.write_text(
        BOX.format(port=house.config.mqtt.port, folder=house.folder, cert=cert, key=key)
    )
    with (folder / "box.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "edge", "--config", str(config)],
            stdout=log,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )


def test_readings_travel_under_the_boxs_own_certificate(house: SecureHub, tmp_path: Path) -> None:
    """Birth and readings arrive; the goodbye follows when the box is stopped."""
    gateway = MqttSession(house.client("gateway", house.issue("gateway")))
    gateway.subscribe(f"{ROOT}/box-1/#")
    gateway.start()
    box = run_box(house, tmp_path, house.issue("box-1"))
    got: list[Inbound] = []

    def heard(kind: type, count: int) -> bool:
        gateway.wait(0.05)
        new = gateway.receive()
        gateway.acknowledge(new)
        got.extend(new)
        messages = [decode_message(one.payload) for one in got]
        return sum(isinstance(message, kind) for message in messages) >= count

    try:
        wait_until(lambda: heard(Status, 1), "the birth arrives", 60.0)
        wait_until(lambda: heard(Readings, 3), "readings arrive", 60.0)
        box.send_signal(signal.SIGTERM)
        box.wait(timeout=30.0)
    finally:
        box.kill()
        box.wait()
        gateway.close()

    assert box.returncode == 0


def test_a_forged_certificate_gets_nothing_through(house: SecureHub, tmp_path: Path) -> None:
    """The right password alone does not open the door; the box goes on measuring meanwhile."""
    box = run_box(house, tmp_path, house.issue("forger", trusted=False))
    log = tmp_path / "box.log"
    try:
        wait_until(lambda: "broker_unreachable" in log.read_text(), "it is turned away", 60.0)
        wal = tmp_path / "outbox.db-wal"  # the box alone may look into the file itself
        wait_until(lambda: wal.stat().st_size > 240_000, "it goes on measuring", 60.0)
        box.send_signal(signal.SIGTERM)
        box.wait(timeout=30.0)
    finally:
        box.kill()
        box.wait()

    with closing(sqlite3.connect(tmp_path / "outbox.db")) as outbox:
        (waiting,) = outbox.execute("SELECT count(*) FROM letter").fetchone()

    assert "broker_connected" not in log.read_text()
    assert box.returncode == 0
    assert waiting >= 3
