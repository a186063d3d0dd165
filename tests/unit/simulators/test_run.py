"""Driving the service: how long, and what is left behind."""

from datetime import UTC, datetime
from pathlib import Path

from runtime.clock import ManualClock
from runtime.memory_hub import MemoryHub
from runtime.mqtt_session import MqttConfig
from runtime.process import StopFlag
from simulators.bootstrap import build
from simulators.config import BoxConfig, Delivery, SimulatorConfig
from simulators.ledger import read_ledger
from simulators.run import run_service
from simulators.service import SimulatorService

START = datetime(2026, 7, 20, 14, 0, tzinfo=UTC)


class _RunningClock(ManualClock):
    """A clock that is a second later whenever it is read."""

    def now(self) -> datetime:
        self.advance(1.0)
        return super().now()


def service_on(hub: MemoryHub, clock: ManualClock, until_s: float | None) -> SimulatorService:
    """Return a service with one box that speaks straight to a hub in memory."""
    config = SimulatorConfig(
        boxes=(BoxConfig(box="sim-1", mqtt=MqttConfig(client_id="sim-1")),),
        delivery=Delivery.BROKER,
        until_s=until_s,
    )
    return build(config, clock, sessions={"sim-1": hub.session("sim-1")})


def test_it_ends_by_itself_and_leaves_a_ledger(tmp_path: Path) -> None:
    """With ``until_s`` the run ends when all is sent, and the ledger on disk is the one returned."""
    clock = _RunningClock(START)
    path = tmp_path / "ledger.json"
    ledger = run_service(service_on(MemoryHub(), clock, 30.0), clock, StopFlag(), ledger_path=path)

    assert ledger.elapsed_s == 30.0
    assert ledger.expected_events == ()
    assert ledger == read_ledger(path)


def test_told_to_stop_before_the_first_step() -> None:
    """A signal that comes at once still leaves an orderly end and a ledger."""
    stop = StopFlag()
    stop.set("SIGTERM")
    clock = _RunningClock(START)
    ledger = run_service(service_on(MemoryHub(), clock, None), clock, stop)

    assert ledger.enqueued == 1
    assert ledger.elapsed_s == 0.0


def test_it_runs_as_long_as_it_was_told() -> None:
    """With ``for_s`` of 0 there is exactly one step."""
    clock = _RunningClock(START)
    ledger = run_service(service_on(MemoryHub(), clock, None), clock, StopFlag(), for_s=0.0)

    assert ledger.enqueued == 1


def test_what_nobody_takes_is_not_waited_for_for_ever() -> None:
    """With the hub away, the end comes after ``drain_s`` and the backlog stays countable."""
    hub = MemoryHub()
    hub.stop()
    clock = _RunningClock(START)
    service = service_on(hub, clock, None)
    run_service(service, clock, StopFlag(), for_s=0.0, drain_s=0.05)

    assert service.backlog == 1
