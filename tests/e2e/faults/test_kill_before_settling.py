"""kill -9 of the gateway between its journal's commit and the hub's acknowledgement."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec
import pytest

from cityloop.hub.config import HubConfig
from cityloop.hub.supervisor import Hub
from gateway.intakes.bootstrap import build_lanes
from tests.contract.runtime.brokers import wait_until
from tests.e2e.faults.district import Reachable, Street
from tests.e2e.faults.hubs import hub_config

pytestmark = pytest.mark.slow

_DIE_BEFORE_SETTLING = """
import os, sys, time
from datetime import UTC, datetime
import msgspec
from gateway.bootstrap import build
from gateway.config import GatewayConfig
from gateway.errors import SinkUnavailableError
from gateway.sinks.memory import CallableSink
def refuse(batch):
    raise SinkUnavailableError("no API yet")
config = msgspec.json.decode(sys.argv[1], type=GatewayConfig)
gateway = build(config, sink=CallableSink(refuse))
def settle():
    if gateway.lanes.held >= 100:
        os.kill(os.getpid(), 9)
gateway.lanes.settle = settle
gateway.start()
while True:
    gateway.step(datetime.now(UTC))
    gateway.lanes.wait(0.02)
"""
READINGS = 600


@pytest.mark.parametrize("jetstream", [False, True], ids=["mqtt", "jetstream"])
def test_what_was_journalled_and_not_settled_comes_again_and_is_known(
    tmp_path: Path, start_hub: Callable[[HubConfig], Hub], jetstream: bool
) -> None:
    """The hub delivers everything again, the journal takes none of it a second time."""
    hub = start_hub(hub_config(tmp_path))
    native = hub.config.client.port if jetstream else None
    street = Street(tmp_path, Reachable(hub.config.mqtt.port, tmp_path, native))
    street.introduce_gateway()
    street.box.enqueue(READINGS)
    street.box.publish_all()
    command = [sys.executable, "-c", _DIE_BEFORE_SETTLING]
    died = subprocess.run(
        [*command, msgspec.json.encode(street.config).decode()],
        timeout=60,
        check=False,
        capture_output=True,
    )
    lanes, _ = build_lanes(street.config, None, Random(1))
    lanes.start()
    again: set[bytes] = set()

    def all_again() -> bool:
        lanes.wait(0.02)
        again.update(message.payload for message in lanes.receive(1_000))
        return len(again) >= READINGS + 1

    wait_until(all_again, "everything comes again", 30.0)
    lanes.close()
    street.deliver()

    report = street.audit()
    assert died.returncode == -9, died.stderr.decode()
    assert report.enqueued == READINGS + 2
    assert (report.lost, report.duplicates) == (0, 0)
    assert report.found_statements == 1
