"""What is done to a stack under load, one function for each fault, and what is measured meanwhile."""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from cityloop.chaos.packet_loss import PacketLoss
from cityloop.chaos.plan import draw_kills
from cityloop.chaos.relay import LinkRelay
from cityloop.chaos.ringing import ring
from cityloop.chaos.small_disk import SmallDisk
from cityloop.chaos.stage import Stage
from cityloop.errors import NotReady
from cityloop.stack.loopback import free_ports, wait_until

__all__ = ["API_DOWN_S", "CLOCK_STEP_S", "FAULT_ACTS"]

API_DOWN_S = 600.0
"""How long the API is away, seconds of the stack's clock. Source: issue 4."""
CLOCK_STEP_S = 3_600.0
"""How far the box's clock is wrong, seconds. Source: issue 4."""
_HUB_DISK_BYTES = 96 * 1024 * 1024
_DELAY_S = 0.2
_SETTLE_S = 240.0


def _kill_all(stage: Stage) -> None:
    """Kill edge, gateway, hub and API in turn."""
    stage.start()
    for number, kill in enumerate(draw_kills(stage.settings), start=1):
        stage.strike(number, kill)
    stage.rest()


def _fill_hub_disk(stage: Stage) -> None:
    """Take the room from the hub's streams for a while, then give it back."""
    disk = SmallDisk(stage.plan.folder / "hub", _HUB_DISK_BYTES)
    try:
        stage.start()
        disk.fill()
        stage.say(f"the hub's disk is full for {stage.settings.hold_s:.0f} s")
        time.sleep(stage.settings.hold_s)
        disk.free()
        stage.await_intake("hub-disk-full", time.monotonic())
        stage.rest()
        stage.stack.processes["hub"].stop()
    finally:
        disk.unmount()


def _end_api(stage: Stage) -> None:
    """Take the API away for ten minutes of the stack's clock while events come up."""
    assert stage.plan.clock is not None
    stage.start()
    api = stage.stack.processes["api"]
    api.kill()
    down_s = API_DOWN_S / stage.plan.clock.scale
    stage.say(f"the API is away for {down_s:.0f} s, {API_DOWN_S:.0f} s of the stack's clock")
    until = time.monotonic() + down_s
    ring(stage, seconds=down_s * 0.8)
    time.sleep(max(0.0, until - time.monotonic()))
    stage.figures["statements_queued"] = stage.gauge("events_pending")
    since = time.monotonic()
    api.start()
    stage.stack.await_ready("api")
    stage.say(f"{stage.figures['statements_queued']:,.0f} statements wait for the API")
    if not wait_until(lambda: stage.gauge("events_pending") == 0, _SETTLE_S, every_s=0.2):
        raise NotReady(f"events still wait for the API after {_SETTLE_S:.0f} s")
    stage.recovered("api-down", since)
    stage.rest()


def _spoil_link(stage: Stage) -> None:
    """Make the box's line slow, lossy, silent, then cut it; restore it each time."""
    (port,) = free_ports(1)
    relay = LinkRelay(port, stage.plan.ports.mqtt)
    loss = PacketLoss(port, stage.settings.loss)
    stage.hub_port = port

    def lose() -> None:
        relay.delay(_DELAY_S)
        loss.start()

    try:
        stage.start()
        acts: dict[str, Callable[[], None]] = {"link-slow": lambda: relay.delay(_DELAY_S)}
        if stage.settings.loss:
            acts["link-lossy"] = lose
        acts |= {"link-silent": relay.silence, "link-cut": relay.cut}
        for name, act in acts.items():
            stage.say(f"{name} for {stage.settings.hold_s:.0f} s")
            act()
            time.sleep(stage.settings.hold_s)
            relay.delay(0.0)
            relay.restore()
            if act is lose:
                stage.figures["packets_lost"] = loss.stop()
            stage.await_edge(name, time.monotonic())
        stage.rest()
    finally:
        relay.close()


def _step_clock(stage: Stage) -> None:
    """Let the box come up with a clock that is an hour ahead, then an hour behind, then right."""
    stage.start()
    for name, ahead_s in (
        ("clock-ahead", CLOCK_STEP_S),
        ("clock-behind", -CLOCK_STEP_S),
        ("clock-right", 0.0),
    ):
        stage.stack.processes["edge"].stop()
        stage.say(f"{name}: {ahead_s:+.0f} s for {stage.settings.hold_s:.0f} s")
        since = time.monotonic()
        stage.stack.add_role("edge", "edge", stage.edge(ahead_s=ahead_s), "run")
        stage.stack.await_ready("edge")
        stage.await_edge(name, since)
        time.sleep(stage.settings.hold_s)
    stage.figures["clock_skew_flagged"] = stage.gauge("clock_skew_total")
    stage.rest()


FAULT_ACTS: Mapping[str, Callable[[Stage], None]] = MappingProxyType(
    {
        "kills": _kill_all,
        "hub-disk-full": _fill_hub_disk,
        "api-down": _end_api,
        "link": _spoil_link,
        "clock-step": _step_clock,
    }
)
"""What each fault does; it starts the stage and brings it to rest."""
