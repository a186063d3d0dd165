"""What the paho session does beyond the common contract, at real brokers."""

import socket
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from contracts.ack import Ack
from contracts.codec import decode_box_message, encode
from contracts.envelope import Channel
from runtime.errors import SecretError
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from runtime.uplink import Uplink
from tests.contract.runtime.brokers import (
    MOSQUITTO,
    Broker,
    free_port,
    start_mosquitto,
    start_nats,
    wait_until,
)
from tests.unit.runtime.letters import BOOT, BOX, ROOT, letters, open_outbox

pytestmark = pytest.mark.slow


@pytest.fixture
def sessions() -> Iterator[list[MqttSession]]:
    """Yield a list of sessions that are closed afterwards."""
    opened: list[MqttSession] = []
    yield opened
    for session in opened:
        session.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Yield a nats-server with MQTT."""
    started = start_nats(tmp_path)
    yield started
    started.stop()


def connect(sessions: list[MqttSession], config: MqttConfig, *filters: str) -> MqttSession:
    """Return a connected session."""
    session = MqttSession(config)
    sessions.append(session)
    for topic_filter in filters:
        session.subscribe(topic_filter)
    session.start()
    wait_until(lambda: session.connected, f"{config.client_id} is connected")
    return session


def test_the_window_refuses_what_is_too_much(broker: Broker, sessions: list[MqttSession]) -> None:
    """With ``inflight`` messages unanswered, publish says no; answers make room again."""
    session = connect(sessions, MqttConfig(port=broker.port, client_id="a", inflight=5))

    accepted = [session.publish("t/a", b"x") for _ in range(2000)]

    assert not all(accepted)
    assert session.counters["busy"] == accepted.count(False)
    assert session.counters["published"] == accepted.count(True)
    wait_until(lambda: session.publish("t/a", b"x"), "room again")


def test_a_full_queue_stops_reading_and_loses_nothing(
    broker: Broker, sessions: list[MqttSession]
) -> None:
    """A receiver that takes nothing makes the broker wait; later everything is there."""
    listener = connect(
        sessions, MqttConfig(port=broker.port, client_id="slow", receive_limit=50), "t/b"
    )
    speaker = connect(sessions, MqttConfig(port=broker.port, client_id="fast"))
    for number in range(1000):
        wait_until(lambda n=number: speaker.publish("t/b", b"%d" % n), "published")  # type: ignore[misc]
    wait_until(lambda: listener.counters["pauses"], "the queue is full")
    waiting = len(listener._inbound)

    got: list[int] = []

    def complete() -> bool:
        inbound = listener.receive(20)
        listener.acknowledge(inbound)
        got.extend(int(message.payload) for message in inbound)
        return len(set(got)) == 1000

    wait_until(complete, "all messages")
    assert waiting <= 50
    assert set(range(1000)) == set(got)


def test_it_comes_back_after_the_broker_was_killed(
    broker: Broker, sessions: list[MqttSession]
) -> None:
    """The session notices, reconnects by itself, and its subscriptions are in force again."""
    session = connect(
        sessions, MqttConfig(port=broker.port, client_id="c", reconnect_cap_s=0.5), "t/c"
    )
    broker.kill()
    wait_until(lambda: not session.connected, "the loss is noticed")
    assert not session.publish("t/c", b"lost")

    broker.start()
    wait_until(lambda: session.connected, "it is back")
    wait_until(lambda: session.publish("t/c", b"found"), "published")

    wait_until(lambda: b"found" in [m.payload for m in session.receive()], "it arrives")
    assert (session.counters["connects"], session.counters["disconnects"]) == (2, 1)


def test_a_broker_that_is_not_there_is_asked_again(sessions: list[MqttSession]) -> None:
    """Attempts are counted, nothing raises, closing does not hang."""
    session = MqttSession(MqttConfig(port=free_port(), client_id="d", reconnect_cap_s=0.1))
    sessions.append(session)
    session.start()

    wait_until(lambda: session.counters["unreachable"] >= 3, "three attempts")

    assert not session.connected


def test_a_broker_that_never_answers_is_given_up(sessions: list[MqttSession]) -> None:
    """A server that accepts and says nothing does not hold the session for ever."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        session = MqttSession(
            MqttConfig(port=port, client_id="e", keepalive_s=1, reconnect_cap_s=0.1)
        )
        sessions.append(session)
        session.start()
        first, _ = silent.accept()

        second, _ = silent.accept()  # the session has given the first one up

        first.close()
        second.close()
    assert session.counters["connects"] == 0


def certificate(folder: Path) -> tuple[Path, Path]:
    """Return a fresh certificate for localhost and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            str(key),
            "-out",
            str(cert),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


@pytest.mark.skipif(not MOSQUITTO.exists(), reason="apt-get install mosquitto")
def test_tls_with_a_trusted_certificate(tmp_path: Path, sessions: list[MqttSession]) -> None:
    """Over TLS large messages pass both ways; an untrusted certificate is not talked to."""
    cert, key = certificate(tmp_path)
    broker = start_mosquitto(tmp_path, f"certfile {cert}", f"keyfile {key}")
    trusting = MqttConfig(host="localhost", port=broker.port, client_id="tls", tls_ca=str(cert))
    session = connect(sessions, trusting, "t/tls")
    payload = bytes(range(256)) * 1000
    got: list[bytes] = []

    def arrived() -> bool:
        session.publish("t/tls", payload)
        got.extend(message.payload for message in session.receive())
        return len(got) >= 10

    wait_until(arrived, "ten large messages")
    stranger = MqttSession(
        MqttConfig(host="localhost", port=broker.port, client_id="x", tls_ca="system")
    )
    sessions.append(stranger)
    stranger.start()
    wait_until(lambda: stranger.counters["unreachable"], "the certificate is refused")

    assert {payload} == set(got)
    assert not stranger.connected
    session.close()
    broker.stop()


def test_a_missing_certificate_is_told_at_once(tmp_path: Path) -> None:
    """A path that leads nowhere is a person's mistake, not a broker that is away."""
    config = MqttConfig(client_id="x", tls_ca=str(tmp_path / "none.pem"))

    with pytest.raises(SecretError, match=r"tls_ca .*none\.pem.*No such file"):
        MqttSession(config)


def test_an_overfull_mosquitto_queue_loses_nothing_for_an_uplink(
    tmp_path: Path, sessions: list[MqttSession]
) -> None:
    """Mosquitto drops what it acknowledged; the outbox sends it again until all has arrived."""
    if not MOSQUITTO.exists():
        pytest.skip("apt-get install mosquitto")
    broker = start_mosquitto(tmp_path, "max_queued_messages 20")
    gateway_config = MqttConfig(port=broker.port, client_id="gateway")
    connect(sessions, gateway_config, f"{ROOT}/readings").close()
    outbox = open_outbox(tmp_path)
    session = MqttSession(MqttConfig(port=broker.port, client_id=BOX))
    sessions.append(session)
    uplink = Uplink(
        outbox=outbox,
        session=session,
        district="minhang",
        site="bridge",
        box=BOX,
        boot_id=BOOT,
        resend_after_s=0.01,
        window=2000,
        rng=Random(1),
    )
    session.start()
    wait_until(lambda: session.connected, "the box is connected")
    uplink.send(letters(1000))
    now = outbox.clock.now()
    wait_until(lambda: uplink.step(now) or uplink.counters["sent"] == 1000, "all are sent")
    wait_until(lambda: session._in_flight == 0, "all are PUBACKed")

    gateway = connect(sessions, gateway_config, f"{ROOT}/readings")
    journal: set[int] = set()
    first_round: list[int] = []

    def drained() -> bool:
        nonlocal now
        inbound = gateway.receive()
        gateway.acknowledge(inbound)
        for message in inbound:
            seen = decode_box_message(message.payload)
            journal.add(seen.seq)
            if not seen.resent:
                first_round.append(seen.seq)
        through = next(n for n in range(len(journal) + 1) if n not in journal) - 1
        if through >= 0 and inbound:
            ack = Ack(box=BOX, boot_id=BOOT, channel=Channel.READINGS, through_seq=through)
            gateway.publish(f"{ROOT}/ack", encode(ack))
        now += timedelta(seconds=1)
        uplink.step(now)
        return uplink.backlog == 0

    wait_until(drained, "the outbox is empty", 60.0)
    outbox.close()
    broker.stop()

    assert len(first_round) < 1000
    assert set(range(1000)) == journal
