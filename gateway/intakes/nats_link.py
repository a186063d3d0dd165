"""The connection to nats-server's native port, and a push consumer for each stream lane.

nats-py runs in an event loop of its own thread. It never reconnects by itself here: a new
connection gets new consumers, which begin behind the last settled message.

Each lane has two consumer names, used in turn: the new consumer is made before the old one, with
its mark of what was acknowledged, is deleted. Whoever dies in between finds both, and goes on from
the higher mark.
"""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import structlog
from msgspec import Struct
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.errors import SlowConsumerError
from nats.js import JetStreamContext, api
from nats.js.errors import NotFoundError

from contracts.topics import PREFIX
from gateway.intakes.lean_client import LeanClient
from gateway.intakes.stream_lane import Run, StreamLane
from runtime.backoff import Backoff
from runtime.mqtt_client import MqttConfig, tls_context
from runtime.nats_subject import subject_of
from runtime.secret import read_secret

__all__ = ["LinkLimits", "NatsLink"]

_HEARTBEAT_S = 2.0
_SILENT_S = 3 * _HEARTBEAT_S
"""Without a heartbeat for so long the consumer is taken for dead."""
_CLIENT_BYTES = 128 * 1024 * 1024
"""nats-py drops beyond this; the server's flow control stops at 32 MiB. Source: nats-server 2.15,
server/consumer.go, ``JsFlowControlMaxPending``."""
_SUFFIXES = ("a", "b")


class LinkLimits(Struct, frozen=True, kw_only=True):
    """Sizes and spans of the consumers; see the fields of the same names in the configuration."""

    max_ack_pending: int = 20_000
    ack_wait_s: float = 30.0
    connect_timeout_s: float = 5.0


class NatsLink:
    """Keeps the lanes supplied, across every interruption, until closed.

    Args:
        name: the gateway's name; part of its consumers' names.
        url: address of the native port, ``nats://host:port`` or ``tls://host:port``.
        hub: user, password and certificates: those of the MQTT session.
        districts: districts whose messages are asked for.
        limits: sizes and spans.
        rng: jitter of the reconnects.

    Raises:
        SecretError: the password, a certificate or a key cannot be read.
    """

    def __init__(
        self,
        *,
        name: str,
        url: str,
        hub: MqttConfig,
        districts: Sequence[str],
        limits: LinkLimits,
        rng: Random,
    ) -> None:
        self.counters: dict[str, int] = {
            "connects": 0,
            "disconnects": 0,
            "unreachable": 0,
            "dropped_by_client": 0,
        }
        self._name = name
        self._url = url
        self._hub = hub
        self._districts = tuple(districts)
        self._limits = limits
        self._rng = rng
        self._password = read_secret(hub.password_file, hub.password_env, f"hub {url}")
        self._tls = tls_context(hub)
        self._lanes: list[StreamLane] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = threading.Event()
        self._stop: asyncio.Event | None = None
        self._log = structlog.get_logger(__name__).bind(hub=url, gateway=name)

    def add(self, lane: StreamLane) -> None:
        """Supply a lane; before the start."""
        self._lanes.append(lane)

    def start(self) -> None:
        """Begin to connect in the background, once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="jetstream", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Disconnect and end the thread, once."""
        if self._closing.is_set():
            return
        self._closing.set()
        loop, stop = self._loop, self._stop
        if loop is not None and stop is not None:
            loop.call_soon_threadsafe(stop.set)
        if self._thread is not None:
            self._thread.join(self._limits.connect_timeout_s + 5.0)

    # Below: the network thread.

    def _run(self) -> None:
        asyncio.run(self._live())

    async def _live(self) -> None:
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        backoff = Backoff(0.1, self._hub.reconnect_cap_s, self._rng)
        while not self._closing.is_set():
            ended = asyncio.Event()
            try:
                client = await self._connect(ended)
            except (NatsError, OSError, TimeoutError) as error:
                self.counters["unreachable"] += 1
                self._log.warning("hub_unreachable", error=str(error) or type(error).__name__)
            else:
                backoff.reset()
                self.counters["connects"] += 1
                self._log.info("hub_connected")
                await self._serve(client, ended)
                self.counters["disconnects"] += 1
                self._log.info("hub_disconnected")
            await self._pause(backoff.next_delay())

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until closing."""
        assert self._stop is not None
        await _first([self._stop], seconds)

    async def _connect(self, ended: asyncio.Event) -> LeanClient:
        async def over() -> None:
            ended.set()

        client = LeanClient()
        await client.connect(
            self._url,
            name=f"gateway {self._name}",
            user=self._hub.username,
            password=self._password,
            tls=self._tls,
            allow_reconnect=False,
            max_reconnect_attempts=0,
            # otherwise it pauses for two seconds before it says that nobody answers
            reconnect_time_wait=0,
            connect_timeout=max(1, round(self._limits.connect_timeout_s)),
            ping_interval=self._hub.keepalive_s,
            closed_cb=over,
            disconnected_cb=over,
            error_cb=self._fail,
        )
        return client

    async def _fail(self, error: Exception) -> None:
        if isinstance(error, SlowConsumerError):
            # cannot happen while the limits hold; the missing number is seen and fetched again
            self.counters["dropped_by_client"] += 1
        self._log.warning("hub_error", error=str(error) or type(error).__name__)

    async def _serve(self, client: LeanClient, ended: asyncio.Event) -> None:
        """Supply every lane until the connection ends or the link is closed."""
        assert self._stop is not None
        tasks = [
            asyncio.create_task(self._supply(client, lane), name=lane.name) for lane in self._lanes
        ]
        await _first([ended, self._stop], None)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for lane in self._lanes:
            lane.end()
        if not client.is_closed:
            await client.close()

    async def _supply(self, client: LeanClient, lane: StreamLane) -> None:
        """Bind a lane again and again, as often as its consumer breaks."""
        backoff = Backoff(0.1, 5.0, self._rng)
        fresh = True
        while True:
            try:
                run, subscription = await self._bind(client, lane, fresh=fresh)
            except (NatsError, OSError, TimeoutError) as error:
                lane.counters["refusals"] += 1
                self._log.error(
                    "consumer_refused",
                    stream=lane.stream,
                    error=str(error) or type(error).__name__,
                )
                await asyncio.sleep(backoff.next_delay())
                continue
            backoff.reset()
            lane.begin(run)
            await self._watch(lane, run)
            lane.end()
            lane.counters["resets"] += 1
            self._log.warning("consumer_reset", stream=lane.stream, behind=lane.resumption)
            client.lengthen(subscription)
            await subscription.unsubscribe()
            fresh = False

    async def _watch(self, lane: StreamLane, run: Run) -> None:
        """Return when a delivery is missing or nothing is heard any more."""
        while not await _first([run.broken], _HEARTBEAT_S):
            if not run.blocked and run.loop.time() - run.heard_at_s > _SILENT_S:
                self._log.warning("consumer_silent", stream=lane.stream)
                return

    async def _bind(
        self, client: LeanClient, lane: StreamLane, *, fresh: bool
    ) -> tuple[Run, Subscription]:
        """Make a new consumer for a lane behind what is settled, and delete the one before it.

        Args:
            client: the connection.
            lane: the lane.
            fresh: whether the connection is new: a server that was killed may have lost the end
                of its stream, and its numbers with it, so only times can be trusted.
        """
        context = client.jetstream(timeout=self._limits.connect_timeout_s)
        floors = {
            suffix: await self._floor(context, lane.stream, self._durable(lane, suffix))
            for suffix in _SUFFIXES
        }
        known = {suffix: floor for suffix, floor in floors.items() if floor is not None}
        former = max(known, key=lambda suffix: known[suffix], default=None)
        suffix = next(each for each in _SUFFIXES if each != former)
        if suffix in known:
            await context.delete_consumer(lane.stream, self._durable(lane, suffix))
        beginning = await self._beginning(context, lane, known.get(former or ""), fresh=fresh)
        loop = asyncio.get_running_loop()
        sending: set[asyncio.Task[None]] = set()

        def publish(subject: str) -> None:
            task = loop.create_task(client.publish(subject))
            sending.add(task)
            task.add_done_callback(partial(_forget, sending))

        run = Run(loop, publish)
        inbox = client.new_inbox()
        subscription = await client.subscribe(
            inbox,
            cb=partial(lane.hear, run),
            pending_msgs_limit=4 * self._limits.max_ack_pending,
            pending_bytes_limit=_CLIENT_BYTES,
        )
        client.shorten(subscription, partial(lane.take, run), partial(lane.take_all, run))
        # before anything is delivered, so that nothing is heard by a lane that is not there
        await client.flush()
        filters = [f"{subject_of(PREFIX)}.{district}.>" for district in self._districts]
        await context.add_consumer(
            lane.stream,
            beginning.evolve(
                durable_name=self._durable(lane, suffix),
                deliver_subject=inbox,
                ack_policy=api.AckPolicy.ALL,
                ack_wait=self._limits.ack_wait_s,
                max_ack_pending=self._limits.max_ack_pending,
                filter_subject=filters[0] if len(filters) == 1 else None,
                filter_subjects=filters if len(filters) > 1 else None,
                flow_control=True,
                idle_heartbeat=_HEARTBEAT_S,
            ),
        )
        if former is not None:
            await context.delete_consumer(lane.stream, self._durable(lane, former))
        self._log.info(
            "consumer_bound",
            stream=lane.stream,
            consumer=suffix,
            start=beginning.opt_start_seq or str(beginning.opt_start_time or "first"),
        )
        return run, subscription

    def _durable(self, lane: StreamLane, suffix: str) -> str:
        return f"{self._name}-{lane.name}-{suffix}"

    @staticmethod
    async def _floor(context: JetStreamContext, stream: str, durable: str) -> int | None:
        """Return the number up to which a consumer was acknowledged; None: there is none."""
        try:
            found = await context.consumer_info(stream, durable)
        except NotFoundError:
            return None
        return 0 if found.ack_floor is None else found.ack_floor.stream_seq

    @staticmethod
    async def _beginning(
        context: JetStreamContext, lane: StreamLane, floor: int | None, *, fresh: bool
    ) -> api.ConsumerConfig:
        """Return where a consumer begins."""
        settled_seq, stored_ns = lane.resumption
        last_seq = (await context.stream_info(lane.stream)).state.last_seq
        if stored_ns is not None and (fresh or (settled_seq or 0) > last_seq):
            moment = datetime.fromtimestamp(stored_ns // 1_000_000 / 1000, UTC)
            return api.ConsumerConfig(
                deliver_policy=api.DeliverPolicy.BY_START_TIME,
                opt_start_time=moment - timedelta(milliseconds=1),
            )
        after = floor if settled_seq is None else settled_seq
        if after is None:
            return api.ConsumerConfig(deliver_policy=api.DeliverPolicy.ALL)
        return api.ConsumerConfig(
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=min(after, last_seq) + 1,
        )


def _forget(sending: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
    """Drop a finished publication; one that failed is made good by the next, or by a new run."""
    sending.discard(task)
    if not task.cancelled():
        task.exception()


async def _first(events: Sequence[asyncio.Event], timeout_s: float | None) -> bool:
    """Wait until one of the events is set; return whether one was, within the time."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(
            waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        for task in waiting:
            task.cancel()
    return bool(done)
