"""A session with a real broker: MQTT 3.1.1 over TCP or TLS, by paho-mqtt, in one network thread.

Persistent (``clean_session=False``), manual PUBACKs. Each connection gets a fresh paho client:
what an old one had under way is dropped on purpose, because the outbox sends it again and counts
it, while paho would repeat it behind our back.
"""

import select
import threading
import time
from collections import deque
from collections.abc import Sequence
from random import Random
from typing import Any

import structlog
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from runtime.backoff import Backoff
from runtime.buffered_socket import BufferedSocket
from runtime.mqtt_client import MqttConfig, build_client, tls_context
from runtime.secret import read_secret
from runtime.session import Inbound, Will
from runtime.subscription_book import SubscriptionBook
from runtime.topic_filter import check_filter
from runtime.wake_pipe import WakePipe

__all__ = ["MqttConfig", "MqttSession"]

_log = structlog.get_logger(__name__)

_POLL_S = 0.5
"""How often the network thread looks after keepalive and closing when nothing happens."""

_READ_BURST = 500
"""Packets handled before written ones get their turn."""

_ASK_AGAIN_S = 5.0
"""How long after a refused subscription it is asked for again: permissions can be mended while the
connection stands, and without its acknowledgements a box would send for ever."""

_HUNG_UP = "it hung up before the login; does it want another certificate (tls_cert), or TLS?"

_TOKEN_MIDS = 65_536
"""A token is ``generation * 65,536 + packet id``; packet ids are never 0."""


class MqttSession:
    """A persistent session with the broker that ``config`` names. Thread-safe.

    Args:
        config: where the broker is and who we are.
        will: what the broker says when we vanish.
        rng: jitter of the reconnects; default: seeded by the system.
        happened: set when something came in or the connection changed; sessions that share one can
            be waited for together. Default: one of its own.

    Raises:
        SecretError: the password, a certificate or a key cannot be read.
    """

    def __init__(
        self,
        config: MqttConfig,
        *,
        will: Will | None = None,
        rng: Random | None = None,
        happened: threading.Event | None = None,
    ) -> None:
        self.counters: dict[str, int] = {
            "connects": 0,
            "disconnects": 0,
            "refusals": 0,
            "unreachable": 0,
            "forbidden_subscriptions": 0,
            "published": 0,
            "busy": 0,
            "received": 0,
            "acknowledged": 0,
            "pauses": 0,
        }
        self._config = config
        self._will = will
        self._password = read_secret(
            config.password_file, config.password_env, f"broker {config.host}:{config.port}"
        )
        self._tls = tls_context(config)
        self._backoff = Backoff(0.1, config.reconnect_cap_s, rng or Random())  # noqa: S311 - jitter
        self._topics = SubscriptionBook()
        self._forbidden: dict[str, float] = {}
        self._inbound: deque[Inbound] = deque()
        self._client: Client | None = None
        self._generation = 0
        self._connected = False
        self._paused = False
        self._in_flight = 0
        self._lock = threading.Lock()
        self._happened = happened or threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake = WakePipe()  # wakes the network thread from its poll
        self._log = _log.bind(host=config.host, port=config.port, client_id=config.client_id)

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted the connection and it stands."""
        return self._connected

    @property
    def subscribed(self) -> bool:
        """Whether the connection stands and the broker has answered all that was asked for on it."""
        with self._lock:
            return self._connected and self._topics.in_force

    @property
    def in_flight(self) -> int:
        """Messages published and not yet answered by the broker."""
        return self._in_flight

    def start(self) -> None:
        """Begin to connect in the background, and to reconnect until closed."""
        if self._thread is None:
            name = f"mqtt-{self._config.client_id}"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()

    def subscribe(self, topic_filter: str, qos: int = 1) -> None:
        """Ask for the topics that match, now if connected and after every connect."""
        check_filter(topic_filter)
        with self._lock:
            self._topics.want(topic_filter, qos)
            client = self._client
        if client is not None and self._connected:
            self._ask(client, topic_filter, qos)

    def unsubscribe(self, topic_filter: str) -> None:
        """Take back what was asked for, by an earlier run under this name too, at every connect.

        The broker remembers subscriptions with the session; an abandoned one would go on for ever.
        """
        with self._lock:
            self._topics.drop(topic_filter)
            client = self._client
        if client is not None and self._connected:
            self._leave(client, topic_filter)

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Hand over a message; False when not connected or ``inflight`` are unanswered."""
        with self._lock:
            client = self._client
            if client is None or not self._connected:
                return False
            if self._in_flight >= self._config.inflight:
                self.counters["busy"] += 1
                return False
            self._in_flight += 1
        info = client.publish(topic, payload, qos=qos, retain=retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            with self._lock:
                self._in_flight -= 1
            return False
        self.counters["published"] += 1
        return True

    def receive(self, limit: int = 1000) -> list[Inbound]:
        """Return what has come in, oldest first, at most ``limit``; never waits."""
        inbound = self._inbound
        taken = [inbound.popleft() for _ in range(min(limit, len(inbound)))]
        if self._paused and len(inbound) < self._config.receive_limit:
            self._wake.ring()
        return taken

    def acknowledge(self, inbound: Sequence[Inbound]) -> None:
        """Send the PUBACKs; those of an earlier connection are left out: they come again."""
        with self._lock:
            client, generation = self._client, self._generation
        if client is None or not self._connected:
            return
        for message in inbound:
            sent_in, mid = divmod(message.token, _TOKEN_MIDS)
            if mid and sent_in == generation:
                client.ack(mid, 1)
                self.counters["acknowledged"] += 1

    def wait(self, timeout_s: float) -> None:
        """Wait until something came in or the connection changed, ``timeout_s`` at most."""
        if not self._inbound:
            self._happened.wait(timeout_s)
        self._happened.clear()

    def close(self) -> None:
        """Say goodbye and end the network thread; the broker keeps the session."""
        self._closing.set()
        self._wake.ring()
        if self._thread is not None:
            self._thread.join(self._config.connect_timeout_s + 5.0)
            if self._thread.is_alive():
                return  # still in its handshake with a dead broker; it ends by itself
        self._wake.close()

    # Below: the network thread.

    def _run(self) -> None:
        while not self._closing.is_set():
            client, config = self._new_client(), self._config
            answers = self.counters["connects"] + self.counters["refusals"]
            try:
                client.connect(config.host, config.port, keepalive=config.keepalive_s)
                self._converse(client)
                answered = answers != self.counters["connects"] + self.counters["refusals"]
                if not answered and not self._closing.is_set():
                    raise ConnectionError(_HUNG_UP)
            except OSError as error:
                self.counters["unreachable"] += 1
                self._log.warning("broker_unreachable", error=str(error))
            self._hang_up(client)
            self._closing.wait(self._backoff.next_delay())

    def _new_client(self) -> Client:
        client = build_client(self._config, self._password, self._tls, self._will)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_unsubscribe
        # being set, it keeps paho from writing in the thread that publishes
        client.on_socket_register_write = self._on_want_write
        with self._lock:
            self._client = client
            self._generation += 1
            self._in_flight = 0
            self._topics.begin()
        return client

    def _converse(self, client: Client) -> None:
        """Read and write until the connection ends."""
        goodbye = False
        poll = select.poll()
        poll.register(self._wake.fileno(), select.POLLIN)
        while (sock := client.socket()) is not None:
            assert isinstance(sock, BufferedSocket)
            if self._closing.is_set() and not goodbye:
                client.disconnect()
                goodbye = True
            reading = self._may_read()
            mask = select.POLLIN if reading else 0
            if sock.unsent_bytes:
                mask |= select.POLLOUT
            poll.register(sock.fileno(), mask)
            at_once = client.want_write() or (reading and sock.pending() > 0)
            poll.poll(0 if at_once else _POLL_S * 1000)
            self._wake.drain()
            self._ask_again(client)
            if reading and not self._read(client, sock):
                return
            client.loop_write()
            if client.socket() is not None:
                sock.flush()
            client.loop_misc()

    def _may_read(self) -> bool:
        """Return whether there is room for more; a full queue leaves the rest to the broker."""
        full = len(self._inbound) >= self._config.receive_limit
        if full and not self._paused:
            self.counters["pauses"] += 1
        self._paused = full
        return not full

    def _read(self, client: Client, sock: BufferedSocket) -> bool:
        """Handle the packets at hand; False when the connection is lost."""
        for _ in range(_READ_BURST):
            if client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False
            if client.socket() is None or not sock.pending() or self._paused:
                break
        return True

    def _hang_up(self, client: Client) -> None:
        sock = client.socket()
        if sock is not None:
            sock.close()
        with self._lock:
            self._client = None
        self._lost()

    def _lost(self) -> None:
        if self._connected:
            self._connected = False
            self.counters["disconnects"] += 1
            self._log.info("broker_disconnected")
            self._happened.set()

    def _ask(self, client: Client, topic_filter: str, qos: int) -> None:
        # held while asking, so that the answer cannot be handled before the question is noted
        with self._lock:
            _, mid = client.subscribe(topic_filter, qos)
            if mid is not None:
                self._topics.asked(mid, topic_filter)

    def _leave(self, client: Client, topic_filter: str) -> None:
        with self._lock:  # as above
            _, mid = client.unsubscribe(topic_filter)
            if mid is not None:
                self._topics.leaving(mid)

    def _ask_again(self, client: Client) -> None:
        """Repeat the subscriptions that were refused a while ago."""
        if not self._forbidden or not self._connected:
            return
        now_s = time.monotonic()
        for topic_filter, due_s in self._forbidden.items():
            qos = self._topics.wanted.get(topic_filter)
            if qos is not None and now_s >= due_s:
                self._forbidden[topic_filter] = now_s + _ASK_AGAIN_S
                self._ask(client, topic_filter, qos)

    def _on_connect(
        self,
        client: Client,
        _data: Any,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self.counters["refusals"] += 1
            self._log.error("broker_refused", reason=str(reason))
            return
        self._backoff.reset()
        with self._lock:
            filters = list(self._topics.wanted.items())
            unwanted = sorted(self._topics.unwanted)
        for topic_filter in unwanted:
            self._leave(client, topic_filter)
        for topic_filter, qos in filters:
            self._ask(client, topic_filter, qos)
        self._connected = True
        self.counters["connects"] += 1
        self._log.info("broker_connected")
        self._happened.set()

    def _on_disconnect(self, *_told: object) -> None:
        self._lost()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        mid = message.mid if message.qos else 0
        token = self._generation * _TOKEN_MIDS + mid
        self._inbound.append(Inbound(topic, bytes(message.payload), message.retain, token))
        self.counters["received"] += 1
        if len(self._inbound) >= self._config.receive_limit:
            self._may_read()
        if not self._happened.is_set():
            self._happened.set()

    def _on_publish(self, *_told: object) -> None:
        with self._lock:
            self._in_flight -= 1

    def _on_subscribe(
        self,
        _client: Client,
        _data: Any,
        mid: int,
        reasons: list[ReasonCode],
        _properties: Properties,
    ) -> None:
        granted = not any(reason.is_failure for reason in reasons)
        with self._lock:
            topic_filter = self._topics.answered(mid, granted=granted)
        if granted:
            self._happened.set()
            if self._forbidden.pop(topic_filter, None) is not None:
                self._log.info("subscription_allowed", topic_filter=topic_filter)
        elif topic_filter not in self._forbidden:
            self.counters["forbidden_subscriptions"] += 1
            self._log.error("subscription_forbidden", topic_filter=topic_filter)
            if topic_filter in self._topics.wanted:
                self._forbidden[topic_filter] = time.monotonic() + _ASK_AGAIN_S

    def _on_unsubscribe(self, _client: Client, _data: Any, mid: int, *_told: object) -> None:
        with self._lock:
            self._topics.left(mid)
        self._happened.set()

    def _on_want_write(self, _client: Client, _data: Any, _sock: Any) -> None:
        if threading.current_thread() is not self._thread:
            self._wake.ring()
