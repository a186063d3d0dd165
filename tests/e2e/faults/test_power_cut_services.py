"""The power of a hub, a gateway or an API goes right after it acknowledged something."""

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from cityloop.audit.collection import audit_run, read_journal_book
from cityloop.hub.config import HubConfig
from cityloop.hub.supervisor import Hub
from cloud_api.keys import Role
from gateway.event_outbox import EventOutbox
from tests.contract.cloud_api.events import body_of, event_id, make_event
from tests.contract.runtime.brokers import free_port, start_nats, wait_until
from tests.e2e.faults.district import Box, Reachable, Street
from tests.e2e.faults.hubs import hub_config, kill, stored
from tests.e2e.faults.power import CuttableDisk
from tests.integration.cloud_api.conftest import Server
from tests.integration.gateway.processes import GatewayProcess
from tests.unit.gateway.city import DISTRICT

pytestmark = pytest.mark.slow

StartHub = Callable[[HubConfig], Hub]
READINGS = 500


def cut_after_storing(hub: Hub, street: Street, disk: CuttableDisk) -> int:
    """Let a hub store and acknowledge a box's messages, cut its power, and return what it has then."""
    disk.settle()
    street.box.enqueue(READINGS)
    street.box.publish_all()
    wait_until(lambda: stored(hub, "READINGS") == READINGS, "the hub has stored all readings")
    disk.cut()
    kill(hub)
    disk.return_power()
    hub.start()
    return stored(hub, "READINGS")


def test_a_hub_loses_what_came_since_its_last_sync(
    tmp_path: Path, disk: CuttableDisk, start_hub: StartHub
) -> None:
    """With ``sync_interval_s`` 10 the acknowledged messages are gone at the hub; the box has them."""
    config = hub_config(tmp_path, data_dir=str(disk.path / "hub"), sync_interval_s=10.0)
    hub = start_hub(config)
    street = Street(tmp_path, Reachable(config.mqtt.port, tmp_path))

    kept = cut_after_storing(hub, street, disk)
    street.deliver()

    report = street.audit()
    assert kept < READINGS
    assert report.enqueued == READINGS + 1
    assert (report.lost, report.duplicates) == (0, 0)


def test_a_hub_that_syncs_always_keeps_what_it_stored(
    tmp_path: Path, disk: CuttableDisk, start_hub: StartHub
) -> None:
    """With ``sync_interval_s`` 0 the stream is complete after the cut."""
    config = hub_config(tmp_path, data_dir=str(disk.path / "hub"), sync_interval_s=0.0)
    hub = start_hub(config)
    street = Street(tmp_path, Reachable(config.mqtt.port, tmp_path))

    kept = cut_after_storing(hub, street, disk)

    street.box.close()
    hub.stop()
    assert kept == READINGS


def test_a_gateway_has_what_it_acknowledged(
    tmp_path: Path, disk: CuttableDisk, at_end: ExitStack
) -> None:
    """The box deletes on the ack; journal and event outbox hold all of it after the cut."""
    (tmp_path / "broker").mkdir()
    broker = start_nats(tmp_path / "broker")
    at_end.callback(broker.stop)
    # nobody takes the event, so it has to wait on the disk
    gateway = GatewayProcess(disk.path / "gateway", hub_port=broker.port, api_port=free_port())
    at_end.callback(gateway.kill)
    box = Box(tmp_path / "outbox.db", Reachable(broker.port))
    at_end.callback(box.close)
    box.enqueue(READINGS)

    def forgotten() -> bool:
        box.step()
        return box.uplink.backlog == 0

    wait_until(forgotten, "the gateway acknowledges everything")
    disk.cut()
    gateway.kill()
    disk.return_power()

    box.close()
    state = disk.path / "gateway" / "state"
    outbox = EventOutbox(state / "events.sqlite", read_only=True)
    pending = outbox.pending
    outbox.close()
    book = read_journal_book(state / "journal", default_district=DISTRICT)
    report = audit_run(ledgers=[box.path], book=book, revisions=[])
    assert report.enqueued == READINGS + 1
    assert (report.lost_messages, report.duplicate_messages) == (0, 0)
    assert 1 == report.expected_statements == pending


@pytest.mark.parametrize(
    ("synchronous", "kept"), [("FULL", 20), ("NORMAL", 0)], ids=["full", "normal"]
)
def test_an_api_has_what_it_answered_2xx(
    tmp_path: Path, disk: CuttableDisk, at_end: ExitStack, synchronous: str, kept: int
) -> None:
    """With FULL every answered event is there after the cut; NORMAL shows that the cut takes some."""
    server = Server(
        tmp_path,
        f"sqlite:///{disk.path}/api.sqlite",
        evidence_dir=disk.path / "evidence",
        sqlite_synchronous=synchronous,
    )
    server.make_keys()
    server.start()
    at_end.callback(server.kill)
    disk.settle()
    with server.client(Role.GATEWAY) as client:
        answers = [
            client.post(
                "/v1/events",
                content=body_of(make_event(number)),
                headers={"Content-Type": "application/json"},
            ).status_code
            for number in range(20)
        ]
    disk.cut()
    server.kill()
    disk.return_power()

    server.start()
    with server.client(Role.OPERATOR) as client:
        listed = client.get("/v1/events", params={"limit": 100}).json()
    assert answers == [202] * 20
    assert {event_id(number) for number in range(kept)} == {
        item["event_id"] for item in listed["items"]
    }


def test_an_api_has_the_picture_it_answered_2xx(
    tmp_path: Path, disk: CuttableDisk, at_end: ExitStack
) -> None:
    """A picture that the box has deleted since is there after the cut, whole."""
    picture = b"\xff\xd8\xff\xe0" + bytes(50_000)
    path = f"/v1/evidence/{hashlib.sha256(picture).hexdigest()}"
    server = Server(
        tmp_path,
        f"sqlite:///{disk.path}/api.sqlite",
        evidence_dir=disk.path / "evidence",
    )
    server.make_keys()
    server.start()
    at_end.callback(server.kill)
    disk.settle()
    with server.client(Role.BOX) as client:
        answer = client.put(path, content=picture, headers={"Content-Type": "image/jpeg"})
    disk.cut()
    server.kill()
    disk.return_power()

    server.start()
    with server.client(Role.OPERATOR) as client:
        kept = client.get(path).content
    assert answer.is_success
    assert kept == picture
