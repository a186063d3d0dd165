"""Data is synced to its file before anybody is told so: the order of the system calls.

Power-cut tests need root and a loop device; this needs only strace, and shows why they pass.
"""

from contextlib import ExitStack
from pathlib import Path

import pytest

from cloud_api.keys import Role
from tests.contract.cloud_api.events import body_of, make_event
from tests.contract.runtime.brokers import start_nats, wait_until
from tests.e2e.faults.district import Box, Reachable
from tests.e2e.faults.scripts import OUTBOX
from tests.e2e.faults.speaker import Speaker
from tests.e2e.faults.syscalls import Call, Syscalls, TraceRefused, first
from tests.integration.cloud_api.conftest import Server
from tests.integration.gateway.processes import EventApi, GatewayProcess, wait_for

pytestmark = pytest.mark.slow


def trace(pid: int, folder: Path) -> Syscalls:
    """Return a running trace; skip where none is to be had."""
    try:
        return Syscalls(pid, folder / "calls.txt")
    except TraceRefused as error:
        pytest.skip(f"no tracing here: {error}")


def synced_before(calls: list[Call], file: str, written: str, told: Call) -> bool:
    """Return whether ``written`` reached ``file`` and was synced before ``told`` began."""
    write = first(calls, "write", file, written)
    return any(
        write.returned < call.began and call.returned < told.began
        for call in calls
        if "sync(" in call.text and file in call.text
    )


@pytest.mark.parametrize(
    ("synchronous", "safe"), [("FULL", True), ("NORMAL", False)], ids=["full", "normal"]
)
def test_an_outbox_syncs_before_append_returns(
    tmp_path: Path, synchronous: str, *, safe: bool
) -> None:
    """With FULL the log is on the disk when append returns; NORMAL shows what it looks like if not."""
    with Speaker(OUTBOX, tmp_path, synchronous) as speaker:
        speaker.hear()
        traced = trace(speaker.pid, tmp_path)
        speaker.go_on()
        speaker.hear()
        calls = traced.stop()

    told = first(calls, "write(1", "stored")
    assert safe == synced_before(calls, "outbox.db-wal", "readings.v1", told)


def test_a_gateway_syncs_before_it_acknowledges(tmp_path: Path, at_end: ExitStack) -> None:
    """The journal before the PUBACK, journal and event outbox before the ack to the box."""
    (tmp_path / "broker").mkdir()
    broker, api = start_nats(tmp_path / "broker"), EventApi()
    at_end.callback(broker.stop)
    at_end.callback(api.close)
    gateway = GatewayProcess(tmp_path / "gateway", hub_port=broker.port, api_port=api.port)
    at_end.callback(gateway.kill)
    box = Box(tmp_path / "outbox.db", Reachable(broker.port))
    at_end.callback(box.close)

    def step_until_forgotten() -> bool:
        box.step()
        return box.uplink.backlog == 0

    box.enqueue(1)
    wait_until(step_until_forgotten, "the gateway works")
    traced = trace(gateway._process.pid, tmp_path)
    # the press alone: a reading's PUBACK on the other lane may come between, and says nothing of the press
    box.enqueue(0)
    wait_until(step_until_forgotten, "the gateway acknowledges")
    wait_for(lambda: len(api.events) >= 1, "the event is delivered")
    calls = traced.stop()

    pressed = first(calls, "write", ".journal", "button-1")
    puback = first(calls, "sendto(", r'"@\2', after=pressed.began)
    ack = first(calls, "sendto(", "ack.v1", "urgent", after=pressed.began)
    assert synced_before(calls, ".journal", "button-1", puback)
    assert synced_before(calls, ".journal", "button-1", ack)


def test_an_event_is_synced_before_its_cause_is_acknowledged(
    tmp_path: Path, at_end: ExitStack
) -> None:
    """The event outbox has the alarm on the disk when the box is told to forget the press."""
    (tmp_path / "broker").mkdir()
    broker, api = start_nats(tmp_path / "broker"), EventApi()
    at_end.callback(broker.stop)
    at_end.callback(api.close)
    gateway = GatewayProcess(tmp_path / "gateway", hub_port=broker.port, api_port=api.port)
    at_end.callback(gateway.kill)
    wait_for((tmp_path / "gateway" / "state" / "events.sqlite").exists, "it runs")
    traced = trace(gateway._process.pid, tmp_path)
    box = Box(tmp_path / "outbox.db", Reachable(broker.port))
    at_end.callback(box.close)
    box.enqueue(0)

    def step_until_forgotten() -> bool:
        box.step()
        return box.uplink.backlog == 0

    wait_until(step_until_forgotten, "the gateway acknowledges")
    calls = traced.stop()

    ack = first(calls, "sendto(", "ack.v1", "urgent")
    assert synced_before(calls, "events.sqlite-wal", "public.alarm", ack)


def test_an_api_syncs_before_it_answers(tmp_path: Path, at_end: ExitStack) -> None:
    """The intake log is on the disk when 202 leaves."""
    server = Server(tmp_path, f"sqlite:///{tmp_path}/api.sqlite")
    server.make_keys()
    server.start()
    at_end.callback(server.stop)
    assert server.process is not None
    with server.client(Role.GATEWAY) as client:
        client.get("/healthz")
        traced = trace(server.process.pid, tmp_path)
        answer = client.post(
            "/v1/events",
            content=body_of(make_event(7)),
            headers={"Content-Type": "application/json"},
        )
        calls = traced.stop()

    told = first(calls, "HTTP/1.1 202")
    assert answer.status_code == 202
    assert synced_before(calls, "api.sqlite-wal", "ws-7", told)
