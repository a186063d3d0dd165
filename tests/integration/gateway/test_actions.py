"""An order of a rule to a sign at a real broker, confirmed by the sign."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from contracts.codec import encode
from contracts.control import CommandResult
from contracts.topics import Kind, box_topic
from gateway.bootstrap import build
from gateway.command_store import OrderState
from gateway.config import GatewayConfig, OffTelemetryConfig, RulesConfig, TelemetryConfig
from gateway.service import Gateway
from runtime.clock import SystemClock
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from tests.integration.gateway.broker import Broker, start_mosquitto, start_nats
from tests.unit.gateway.city import DISTRICT, SITE, birth, pressed, topic
from tests.unit.gateway.signs import SIGN_PACK, Sign

pytestmark = pytest.mark.slow

DEADLINE_S = 30.0


@pytest.fixture(params=["mosquitto", "nats-server"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """Yield a running broker."""
    mosquitto = request.param == "mosquitto"
    started = start_mosquitto(tmp_path) if mosquitto else start_nats(tmp_path)
    yield started
    started.stop()


def session(broker: Broker, name: str) -> MqttSession:
    """Return a session that is not started."""
    return MqttSession(MqttConfig(port=broker.port, client_id=name, reconnect_cap_s=0.2))


def until(gateway: Gateway, sign: Sign | None, happened: Callable[[], bool], what: str) -> None:
    """Let gateway and sign work until something has happened."""
    deadline = time.monotonic() + DEADLINE_S
    while not happened():
        assert time.monotonic() < deadline, what
        gateway.step(gateway.clock.now())
        if sign is not None and sign.connected:
            sign.step()
        time.sleep(0.005)


def test_a_sign_shows_and_confirms_what_a_rule_orders(broker: Broker, tmp_path: Path) -> None:
    """Button pressed, sign shown, order done; asked twice it shows once; let go, it is cleared."""
    (tmp_path / "pack.yaml").write_text(SIGN_PACK, encoding="utf-8")
    gateway = build(
        GatewayConfig(
            state_dir=str(tmp_path / "state"),
            districts=(DISTRICT,),
            hub=MqttConfig(port=broker.port, client_id="gateway", reconnect_cap_s=0.2),
            rules=RulesConfig(paths=(str(tmp_path / "pack.yaml"),)),
            telemetry=TelemetryConfig(store=OffTelemetryConfig()),
            metrics=None,
        ),
        clock=SystemClock(),
        rng=Random(1),
    )
    gateway.start()
    sign = Sign(session(broker, "sign-1"))
    box = session(broker, "box-1")
    box.start()
    until(gateway, sign, lambda: box.connected and sign.connected, "all are connected")
    until(gateway, sign, lambda: gateway.session.connected, "the gateway is connected")
    now = gateway.clock.now()
    # the sign speaks for itself: its own retained birth tells where it is
    own = encode(birth(now)).replace(b'"box-1', b'"sign-1')
    assert box.publish(box_topic(DISTRICT, SITE, "sign-1", Kind.STATUS), own, retain=True)

    orders = gateway.commands.store.newest

    def said(seq: int, *, value: bool) -> bool:
        # a message that comes before the gateway's subscription reaches nobody: say it until heard
        message = pressed(seq, gateway.clock.now(), value=value)
        box.publish(topic(Kind.URGENT), encode(message))
        return len(orders(9)) == seq + 1

    until(gateway, sign, lambda: said(0, value=True), "the sign is to be told")
    until(gateway, sign, lambda: orders(9)[0].state is OrderState.DONE, "it is done")
    again = CommandResult(id=orders(9)[0].order.id, box="sign-1", at=now, ok=True)
    result_topic = box_topic(DISTRICT, SITE, "sign-1", Kind.COMMAND_RESULT)
    assert box.publish(result_topic, encode(again))
    until(gateway, sign, lambda: said(1, value=False), "the sign is to be cleared")
    until(gateway, sign, lambda: not gateway.commands.store.open, "it is")
    states = [row.state for row in orders(9)]
    steps = [line.fact for line in gateway.commands.store.audit(orders(9)[1].order.id)]
    gateway.close()
    box.close()
    sign.close()

    assert sign.shown == ["sign.show button-1", "sign.clear "]
    assert states == [OrderState.DONE] * 2
    assert steps[0] == "ordered"
    assert steps[-1] == "done"
    assert steps.count("done") == 1
