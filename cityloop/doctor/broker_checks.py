"""Checks of a running broker by using it, on topics of their own that are cleared afterwards."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from contracts.codec import MAX_PAYLOAD_BYTES
from runtime.finding import Finding, Verdict
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from runtime.secret import read_secret
from runtime.session import Inbound, Session

__all__ = ["check_broker"]

_STEP_S = 10.0
_LOOK_S = 0.05
_IN_FLIGHT = 500
"""Far more than Mosquitto's 20, which stall a receiver that acknowledges after storing."""
_QUEUED = 5000
"""More than Mosquitto's 1,000, beyond which it drops what it has acknowledged."""


class _Bench:
    """Sessions and topics for one check."""

    def __init__(self, config: MqttConfig, topic_root: str, name: str) -> None:
        self.topic = f"{topic_root}/{name}"
        self._config = config
        self._name = name
        self._ids: set[str] = set()
        self._open: list[MqttSession] = []

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the broker."""
        return self._config.host, self._config.port

    def session(self, who: str, *filters: str) -> MqttSession:
        """Return a connected session.

        Raises:
            TimeoutError: it does not come about.
        """
        client_id = f"{self._config.client_id}-{self._name}-{who}"
        session = MqttSession(msgspec.structs.replace(self._config, client_id=client_id))
        self._ids.add(client_id)
        self._open.append(session)
        for topic_filter in filters:
            session.subscribe(topic_filter)
        session.start()
        _await(lambda: session.connected or session.counters["refusals"] > 0, "a connection")
        if not session.connected:
            msg = "the broker refused the login"
            raise TimeoutError(msg)
        if filters:
            # What another session publishes before the broker has answered may pass this one by.
            forbidden = session.counters
            _await(
                lambda: session.subscribed or forbidden["forbidden_subscriptions"] > 0,
                "an answer to the subscription",
            )
        return session

    def clear(self) -> None:
        """Close everything and make the broker forget it."""
        for session in self._open:
            session.publish(self.topic, b"", retain=True)
            session.close()
        for client_id in self._ids:
            _forget(self._config, client_id)


def _forget(config: MqttConfig, client_id: str) -> None:
    """Replace a persistent session by one that ends with its connection."""
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=True)
    if config.username is not None:
        password = read_secret(config.password_file, config.password_env, "broker")
        client.username_pw_set(config.username, password)
    if config.tls_ca is not None:
        trusted = None if config.tls_ca == "system" else config.tls_ca
        client.tls_set(trusted, config.tls_cert, config.tls_key)
    try:
        client.connect(config.host, config.port)
        end = time.monotonic() + _STEP_S
        while not client.is_connected() and time.monotonic() < end:
            if client.loop(0.05) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return
        client.disconnect()
    except OSError:
        return  # a broker that is gone has nothing to forget


def _await(happened: Callable[[], object], what: str) -> None:
    end = time.monotonic() + _STEP_S
    while not happened():
        if time.monotonic() >= end:
            msg = f"no {what} within {_STEP_S:g} s"
            raise TimeoutError(msg)
        time.sleep(0.005)


def _put(session: Session, topic: str, payloads: Iterator[bytes], *, retain: bool = False) -> None:
    for payload in payloads:
        _await(
            lambda p=payload: session.publish(topic, p, retain=retain),  # type: ignore[misc]
            "room to publish",
        )


def _take(session: Session, count: int, quiet_s: float = _STEP_S) -> list[Inbound]:
    """Return up to ``count`` messages, without acknowledging them; gives up after ``quiet_s`` without any.

    Looks are counted rather than time: a machine that stood still for a while has not looked.
    """
    got: list[Inbound] = []
    looks = left = round(quiet_s / _LOOK_S)
    while len(got) < count and left > 0:
        session.wait(_LOOK_S)
        more = session.receive(count - len(got))
        got += more
        left = looks if more else left - 1
    return got


def _check_connect(bench: _Bench) -> Finding:
    host, port = bench.address
    try:
        socket.create_connection((host, port), timeout=_STEP_S).close()
    except OSError as error:
        return Finding(
            check="connect",
            verdict=Verdict.FAIL,
            detail=f"nothing answers at {host}:{port}: {error.strerror or error}",
            advice="start the broker, or name another one by --host and --port",
        )
    bench.session("a")
    return Finding(check="connect", verdict=Verdict.OK, detail="MQTT 3.1.1, login accepted")


def _check_round_trip(bench: _Bench) -> Finding:
    listener = bench.session("listener", f"{bench.topic}/#")
    speaker = bench.session("speaker")
    got: list[Inbound] = []
    end = time.monotonic() + _STEP_S
    while not got and time.monotonic() < end:
        _put(speaker, f"{bench.topic}/below", iter([b"1"]))
        got = _take(listener, 1, 0.3)
    if listener.counters["forbidden_subscriptions"] or not got:
        return Finding(
            check="subscribe",
            verdict=Verdict.FAIL,
            detail=f"nothing published to {bench.topic}/below reaches {bench.topic}/#",
            advice="use a login that may publish and subscribe there, or choose --topic-root; on "
            "NATS a/# needs permission for both a.> and a",
        )
    return Finding(check="subscribe", verdict=Verdict.OK, detail="QoS 1 and # deliver")


def _check_in_flight(bench: _Bench) -> Finding:
    listener = bench.session("listener", bench.topic)
    speaker = bench.session("speaker")
    _put(speaker, bench.topic, (b"%d" % number for number in range(_IN_FLIGHT)))
    got = _take(listener, _IN_FLIGHT, 5.0)
    listener.acknowledge(got)
    good = len(got) >= _IN_FLIGHT
    return Finding(
        check="in flight",
        verdict=Verdict.OK if good else Verdict.FAIL,
        detail=f"{len(got)} of {_IN_FLIGHT} messages came before any was acknowledged",
        advice="" if good else "raise max_inflight_messages (Mosquitto) or max_ack_pending (NATS)",
    )


def _check_retained(bench: _Bench) -> Finding:
    _put(bench.session("speaker"), bench.topic, iter([b"kept"]), retain=True)
    got = _take(bench.session("late", bench.topic), 1)
    good = [(message.payload, message.retained) for message in got] == [(b"kept", True)]
    return Finding(
        check="retained",
        verdict=Verdict.OK if good else Verdict.FAIL,
        detail="a late subscriber gets the last value" if good else "nothing was retained",
        advice="" if good else "allow retained messages (Mosquitto: retain_available true)",
    )


def _check_large(bench: _Bench) -> Finding:
    listener = bench.session("listener", bench.topic)
    speaker = bench.session("speaker")
    _put(speaker, bench.topic, iter([bytes(MAX_PAYLOAD_BYTES)]))
    got = _take(listener, 1)
    good = [len(message.payload) for message in got] == [MAX_PAYLOAD_BYTES]
    return Finding(
        check="large payload",
        verdict=Verdict.OK if good else Verdict.FAIL,
        detail=f"{MAX_PAYLOAD_BYTES} bytes {'pass' if good else 'do not arrive'}",
        advice="" if good else "raise max_packet_size (Mosquitto) or max_payload (NATS)",
    )


def _check_queue(bench: _Bench) -> list[Finding]:
    absent = bench.session("absent", bench.topic)
    speaker = bench.session("speaker")
    _put(speaker, bench.topic, iter([b"-1"]))
    absent.acknowledge(_take(absent, 1))
    absent.close()
    _put(speaker, bench.topic, (b"%d" % number for number in range(_QUEUED)))
    back = bench.session("absent", bench.topic)
    got: set[int] = set()
    while more := _take(back, 200, 2.0):
        got |= {int(message.payload) for message in more}
        back.acknowledge(more)
        if len(got) >= _QUEUED:
            break
    kept = len(got & set(range(_QUEUED)))
    session = Finding(
        check="session",
        verdict=Verdict.OK if kept else Verdict.FAIL,
        detail="messages wait for an absent session"
        if kept
        else "messages for an absent session are forgotten",
        advice="" if kept else "keep persistent sessions (queue_qos0_messages is not needed)",
    )
    queue = Finding(
        check="queue",
        verdict=Verdict.OK if kept == _QUEUED else Verdict.WARN,
        detail=f"{kept} of {_QUEUED} acknowledged messages waited for an absent session",
        advice=""
        if kept == _QUEUED
        else "the rest was dropped although acknowledged; raise max_queued_messages (Mosquitto)",
    )
    return [session, queue]


_CHECKS: dict[str, Callable[[_Bench], Finding | list[Finding]]] = {
    "subscribe": _check_round_trip,
    "in-flight": _check_in_flight,
    "retained": _check_retained,
    "large-payload": _check_large,
    "queue": _check_queue,
}


@contextmanager
def _bench(config: MqttConfig, topic_root: str, name: str) -> Iterator[_Bench]:
    bench = _Bench(config, topic_root, name)
    try:
        yield bench
    finally:
        bench.clear()


def _run(
    config: MqttConfig,
    topic_root: str,
    name: str,
    check: Callable[[_Bench], Finding | list[Finding]],
) -> list[Finding]:
    try:
        with _bench(config, topic_root, name) as bench:
            found = check(bench)
    except TimeoutError as error:
        return [Finding(check=name, verdict=Verdict.FAIL, detail=str(error))]
    return found if isinstance(found, list) else [found]


def check_broker(config: MqttConfig, topic_root: str) -> Iterator[Finding]:
    """Yield what each check finds at the broker, as it finds it; without a connection only that.

    Args:
        config: where the broker is, and a login that may publish and subscribe below the root;
            ``client_id`` begins the names of the sessions that are made and forgotten again.
        topic_root: topics below it are used.
    """
    connect = _run(config, topic_root, "connect", _check_connect)
    yield from connect
    if connect[0].verdict is not Verdict.OK:
        return
    for name, check in _CHECKS.items():
        found = _run(config, topic_root, name, check)
        yield from found
        if name == "subscribe" and found[0].verdict is not Verdict.OK:
            return
