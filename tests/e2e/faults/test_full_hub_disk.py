"""The hub's disk is full: it acknowledges and keeps nothing. All must arrive when there is room."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from cityloop.chaos.small_disk import SmallDisk
from cityloop.errors import StackError
from cityloop.hub.config import HubConfig
from cityloop.hub.store_watch import StoreWatch
from cityloop.hub.supervisor import Hub
from tests.contract.runtime.brokers import wait_until
from tests.e2e.faults.district import Reachable, Street
from tests.e2e.faults.hubs import hub_config, stored

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("jetstream", [False, True], ids=["mqtt", "jetstream"])
def test_a_full_disk_loses_nothing(
    tmp_path: Path,
    start_hub: Callable[[HubConfig], Hub],
    at_end: ExitStack,
    jetstream: bool,
) -> None:
    """1,000 readings are acknowledged by a hub that cannot store one: later all arrive, once."""
    (tmp_path / "hub").mkdir()
    try:
        disk = SmallDisk(tmp_path / "hub", 64 * 1024 * 1024)
    except StackError as error:
        pytest.skip(str(error))
    at_end.callback(disk.unmount)
    hub = start_hub(hub_config(tmp_path))
    native = hub.config.client.port if jetstream else None
    street = Street(tmp_path, Reachable(hub.config.mqtt.port, tmp_path, native))
    street.introduce_gateway()
    before = stored(hub, "READINGS")
    disk.fill()
    street.box.enqueue(1_000)
    acknowledged = street.box.publish_all()
    wait_until(lambda: "write error" in hub.health().detail, "the hub knows that it cannot write")
    watch = StoreWatch(hub)
    watch.step(0.0)
    while_full = watch.restarts

    disk.free()
    watch.step(10.0)
    kept = stored(hub, "READINGS")
    street.deliver()

    report = street.audit()
    assert (while_full, watch.restarts) == (0, 1)
    assert 1_002 == acknowledged == report.enqueued
    assert kept - before < 1_000
    assert (report.lost, report.duplicates) == (0, 0)
