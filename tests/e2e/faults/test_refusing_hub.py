"""A hub that acknowledges what it does not keep or pass on: nothing may be missing at the end."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cityloop.hub.config import Discard, HubConfig, StreamConfig, default_streams
from cityloop.hub.supervisor import Hub, reload_running
from contracts.topics import Kind
from tests.e2e.faults.district import Reachable, Street
from tests.e2e.faults.hubs import hub_config, stored
from tests.unit.gateway.city import SITE

pytestmark = pytest.mark.slow

READINGS = 6_000
TINY = StreamConfig(kinds=(Kind.READINGS,), max_bytes=1_000_000, discard=Discard.NEW)
"""Room for some 2,500 readings; further ones are refused."""


def test_a_full_stream_loses_nothing(tmp_path: Path, start_hub: Callable[[HubConfig], Hub]) -> None:
    """JetStream refuses more than half of 6,000 acknowledged readings: all arrive once."""
    hub = start_hub(hub_config(tmp_path, streams=default_streams() | {"READINGS": TINY}))
    street = Street(tmp_path, Reachable(hub.config.mqtt.port, tmp_path))
    street.box.enqueue(READINGS)
    acknowledged = street.box.publish_all()
    kept = stored(hub, "READINGS")

    street.deliver()

    report = street.audit()
    assert READINGS + 1 == acknowledged == report.enqueued
    assert kept < READINGS / 2
    assert (report.lost, report.duplicates) == (0, 0)
    assert report.found_statements == 1


def test_a_stream_that_forgets_loses_nothing(
    tmp_path: Path, start_hub: Callable[[HubConfig], Hub]
) -> None:
    """A stream drops the older half of 6,000 acknowledged readings before the gateway reads it."""
    forgetful = msgspec.structs.replace(TINY, discard=Discard.OLD)
    hub = start_hub(hub_config(tmp_path, streams=default_streams() | {"READINGS": forgetful}))
    native = hub.config.client.port
    street = Street(tmp_path, Reachable(hub.config.mqtt.port, tmp_path, native))
    street.box.enqueue(READINGS)
    acknowledged = street.box.publish_all()
    kept = stored(hub, "READINGS")

    street.deliver()

    report = street.audit()
    assert READINGS + 1 == acknowledged == report.enqueued
    assert kept < READINGS / 2
    assert (report.lost, report.duplicates) == (0, 0)
    assert report.found_statements == 1


def test_a_full_store_locks_nobody_out(
    tmp_path: Path, start_hub: Callable[[HubConfig], Hub]
) -> None:
    """While the gateway is away more comes in than the hub's disk may hold; it can come back."""
    streams = {
        name: msgspec.structs.replace(stream, max_bytes=1_000_000)
        for name, stream in default_streams().items()
    }
    hub = start_hub(hub_config(tmp_path, max_store_bytes=10_000_000, streams=streams))
    street = Street(tmp_path, Reachable(hub.config.mqtt.port, tmp_path))
    street.introduce_gateway()
    street.box.enqueue(1_500, note="x" * 8_000)
    acknowledged = street.box.publish_all()
    waiting = stored(hub, "$MQTT_msgs")

    street.deliver()

    report = street.audit()
    assert 1_502 == acknowledged == report.enqueued
    assert 300 <= waiting <= 600
    assert (report.lost, report.duplicates) == (0, 0)


def test_a_forbidden_topic_loses_nothing(
    tmp_path: Path, start_hub: Callable[[HubConfig], Hub]
) -> None:
    """A box that the hub knows at another site: acknowledged, not delivered, kept; then mended."""
    wrong = hub_config(tmp_path, site="elsewhere")
    hub = start_hub(wrong)
    street = Street(tmp_path, Reachable(hub.config.mqtt.port, tmp_path))
    street.box.enqueue(500)
    acknowledged = street.box.publish_all()
    resends = street.box.uplink.counters
    street.run_gateway(lambda: resends["resent"] >= 500)
    kept = street.box.uplink.backlog
    arrived = stored(hub, "READINGS") + stored(hub, "URGENT")

    right = msgspec.structs.replace(
        wrong, boxes=(msgspec.structs.replace(wrong.boxes[0], site=SITE),)
    )
    reloaded = reload_running(right)
    street.deliver()

    report = street.audit()
    assert 501 == acknowledged == kept == report.enqueued
    assert arrived == 0
    assert reloaded
    assert (report.lost, report.duplicates) == (0, 0)
    assert report.found_statements == 1
