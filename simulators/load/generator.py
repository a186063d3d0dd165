"""Sends a load at its own pace and measures how long the broker takes to acknowledge each message."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hdrh.histogram import HdrHistogram
from msgspec import Struct
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from runtime.mqtt_client import MqttConfig, tls_context
from runtime.secret import read_secret
from simulators.errors import LoadError
from simulators.load.plan import LoadPlan

__all__ = ["LoadRun", "run_load"]

_LONGEST_US = 600_000_000
"""Latencies up to ten minutes are kept apart; longer ones count as that."""

_DIGITS = 3
"""Significant digits of the histogram."""

_MOST_WAITING = 60_000
"""Messages under way at most: MQTT numbers them with 16 bits."""

_NAP_S = 0.001
"""Longest wait between two looks at what is due."""


class LoadRun(Struct, frozen=True, kw_only=True, eq=False):
    """What a run brought. Latencies are from the moment a message was *due*, microseconds."""

    sent: int
    acknowledged: int
    unacknowledged: int
    """Sent, and not acknowledged when the drain was over."""
    elapsed_s: float
    """Real seconds from the first message due to the last one acknowledged or given up."""
    behind_s: float
    """Most seconds by which the generator itself was late; much of it means it could not keep up."""
    histogram: HdrHistogram


class _Clockwork:
    """What the network thread tells: who is connected, and which message was acknowledged when."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.due: dict[int, float] = {}
        self.early: dict[int, float] = {}
        self.histogram = HdrHistogram(1, _LONGEST_US, _DIGITS)
        self.acknowledged = 0
        self.last_s = 0.0
        self.connected = threading.Event()
        self.refusal: str | None = None

    def acked(self, mid: int, now_s: float) -> None:
        with self.lock:
            due_s = self.due.pop(mid, None)
            if due_s is None:
                # the broker was faster than the return from publish()
                self.early[mid] = now_s
                return
            self._count(due_s, now_s)

    def published(self, mid: int, due_s: float) -> None:
        with self.lock:
            answered_s = self.early.pop(mid, None)
            if answered_s is None:
                self.due[mid] = due_s
                return
            self._count(due_s, answered_s)

    def _count(self, due_s: float, now_s: float) -> None:
        latency_us = max(1, round((now_s - due_s) * 1e6))
        self.histogram.record_value(min(latency_us, _LONGEST_US))
        self.acknowledged += 1
        self.last_s = max(self.last_s, now_s)

    @property
    def waiting(self) -> int:
        with self.lock:
            return len(self.due)


def run_load(
    plan: LoadPlan,
    mqtt: MqttConfig,
    for_s: float,
    *,
    drain_s: float = 15.0,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] | None = None,
) -> LoadRun:
    """Send a load for a while and return what came of it.

    Open-loop: a message that is due is sent, however many are under way, and its latency counts
    from when it was due. A broker that stalls for a second therefore costs every message of that
    second, not only the one that waited (no coordinated omission).

    Args:
        plan: the load.
        mqtt: the broker; QoS 1.
        for_s: seconds for which messages are due.
        drain_s: most seconds to wait for acknowledgements at the end.
        stop: True ends the load early.
        progress: is told now and then how many messages were sent.

    Raises:
        LoadError: the broker cannot be reached or refuses the login.
        SecretError: the password cannot be read.
    """
    works = _Clockwork()
    client = _connected(mqtt, works)
    start_at = datetime.now(UTC)
    start_s = time.monotonic()
    total = int(for_s * plan.rate)
    numbers: Counter[str] = Counter()
    sent, behind_s = 0, 0.0
    try:
        while sent < total and not stop():
            now_s = time.monotonic() - start_s
            due = min(total, int(now_s * plan.rate) + 1)
            due = min(due, sent + _MOST_WAITING - works.waiting)
            for number in range(sent, due):
                due_s = number / plan.rate
                box = plan.box_of(number)
                at = start_at + timedelta(seconds=due_s)
                message = plan.message(number, numbers[box], start_at, at)
                numbers[box] += 1
                info = client.publish(message.topic, message.payload, qos=1)
                works.published(info.mid, start_s + due_s)
                behind_s = max(behind_s, time.monotonic() - start_s - due_s)
            sent = max(sent, due)
            if progress is not None:
                progress(sent)
            time.sleep(min(_NAP_S, 1.0 / plan.rate))
        given_up_s = time.monotonic() + drain_s
        while works.waiting and time.monotonic() < given_up_s and not stop():
            time.sleep(_NAP_S)
    finally:
        client.disconnect()
        client.loop_stop()
    ended_s = works.last_s if works.acknowledged == sent else time.monotonic()
    return LoadRun(
        sent=sent,
        acknowledged=works.acknowledged,
        unacknowledged=sent - works.acknowledged,
        elapsed_s=round(max(ended_s - start_s, 1e-6), 3),
        behind_s=round(behind_s, 4),
        histogram=works.histogram,
    )


def _connected(mqtt: MqttConfig, works: _Clockwork) -> Client:
    where = f"broker {mqtt.host}:{mqtt.port}"
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=mqtt.client_id,
        protocol=MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
    )
    client.connect_timeout = mqtt.connect_timeout_s
    # how many are under way is bounded by _MOST_WAITING; 0 spares paho its own scan at every PUBACK
    client.max_inflight_messages, client.max_queued_messages = 0, 0
    if mqtt.username is not None:
        password = read_secret(mqtt.password_file, mqtt.password_env, where)
        client.username_pw_set(mqtt.username, password)
    tls = tls_context(mqtt)
    if tls is not None:
        client.tls_set_context(tls)

    def on_connect(
        _client: Client,
        _data: object,
        _flags: ConnectFlags,
        code: ReasonCode,
        _p: Properties | None,
    ) -> None:
        if code.is_failure:
            works.refusal = str(code)
        works.connected.set()

    def on_publish(
        _client: Client, _data: object, mid: int, _code: ReasonCode, _p: Properties | None
    ) -> None:
        works.acked(mid, time.monotonic())

    def on_disconnect(
        _client: Client,
        _data: object,
        _flags: DisconnectFlags,
        code: ReasonCode,
        _p: Properties | None,
    ) -> None:
        works.refusal = works.refusal or (str(code) if code.is_failure else None)

    client.on_connect, client.on_publish = on_connect, on_publish
    client.on_disconnect = on_disconnect
    try:
        code = client.connect(mqtt.host, mqtt.port, keepalive=mqtt.keepalive_s)
    except OSError as error:
        raise LoadError(f"{where}: {error}; is it running, and is the address right?") from error
    if code is not MQTTErrorCode.MQTT_ERR_SUCCESS:
        raise LoadError(f"{where}: {code.name}")
    client.loop_start()
    if not works.connected.wait(mqtt.connect_timeout_s) or works.refusal is not None:
        client.loop_stop()
        raise LoadError(
            f"{where}: {works.refusal or 'no answer to the login'}; check user, password and TLS"
        )
    return client
