"""The uplink: what a box speaks through. Outbox, session, acknowledgements and repetitions in one.

A message is durable when :meth:`Uplink.send` returns, leaves with :meth:`Uplink.step`, and is
forgotten when the gateway's cumulative ``ack`` says that it is journalled. The hub's PUBACK frees
nothing here: hubs were measured to acknowledge what they then lose.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from contracts.ack import Ack
from contracts.codec import decode_message, encode, stamp_sent
from contracts.envelope import Channel
from contracts.errors import MessageError
from contracts.status import Status
from contracts.topics import Kind, box_topic
from runtime.backoff import Backoff
from runtime.outbox import Letter, Outbox
from runtime.send_allowance import SendAllowance
from runtime.send_window import SendWindow
from runtime.session import Inbound, Session
from runtime.uplink_lane import LANE_GROUPS, UplinkLane

__all__ = ["Uplink"]

_READ_BATCH = 500
"""Rows read from the outbox at once: 500 rows of 300 B take about 1 ms."""

_PUBLISH_LIMIT = 2000
"""Most messages one step sends, so that a step stays short while a backlog drains."""

_TURN = 200
"""Messages of one lane before its neighbours in the group get their turn."""

_RECONNECT_GRACE_S = 1.0
"""After a reconnect, unconfirmed messages wait up to this long for the acknowledgements that
queued up meanwhile; the jitter keeps a thousand boxes from repeating at the same moment."""

_RESEND_CAP_S = 300.0

_ASKED_AGAIN_S = 0.5
"""After going back because the gateway asked, its further requests are not heard for so long: they
were made before it could see the repetition."""


class Uplink:
    """A box's way to the gateway. Only :meth:`send` may be called from several threads.

    Args:
        outbox: where messages wait.
        session: the way to the hub; the caller starts and closes it.
        district: first level of the box's topics.
        site: second level.
        box: the box's id and third level.
        boot_id: this run of the box.
        resend_after_s: how long to wait for an acknowledgement before sending again, real seconds
            (a scaled clock does not hurry the network). Grows with full jitter up to 5 minutes.
        window: most unconfirmed messages under way in each group of lanes; fewer as long as some
            have to be sent again, since then the hub has not the queues for so many.
        rng: jitter; by default seeded with the boot id.
        send_hz: most readings, counts and tracks sent in a real second, so that a box that was away
            leaves room to its neighbours; urgent messages and observations do not wait. None: no limit.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        session: Session,
        district: str,
        site: str,
        box: str,
        boot_id: str,
        resend_after_s: float = 10.0,
        window: int = 4000,
        rng: Random | None = None,
        send_hz: float | None = None,
    ) -> None:
        self.counters: dict[str, int] = {
            "sent": 0,
            "resent": 0,
            "acks": 0,
            "acks_foreign": 0,
            "acks_malformed": 0,
            "rewinds": 0,
        }
        self._outbox = outbox
        self._session = session
        self._box = box
        self._boot_id = boot_id
        # jitter is no secret
        self._rng = rng or Random(boot_id)  # noqa: S311
        wall_s = outbox.clock.wall_seconds(1.0)
        self._clock_per_wall = 1.0 / wall_s if wall_s > 0.0 else 1.0
        self._resend_after_s = resend_after_s
        self._allowance = None if send_hz is None else SendAllowance(send_hz)
        self._windows = {group: SendWindow(window) for group in LANE_GROUPS}
        self._topics: dict[Kind, str] = {
            kind: box_topic(district, site, box, kind)
            for kind in Kind
            if kind not in {Kind.EVENTS, Kind.CONTROL}
        }
        self._lanes: dict[tuple[str, Channel], UplinkLane] = {}
        self._connects = 0
        self._status: bytes | None = None
        self._status_due = False
        self._handled: list[Inbound] = []
        for kind in (Kind.ACK, Kind.CONFIG_DESIRED, Kind.COMMAND):
            session.subscribe(self._topics[kind])

    @property
    def backlog(self) -> int:
        """How many messages the gateway has not confirmed."""
        return self._outbox.rows

    @property
    def windows(self) -> dict[str, int]:
        """How many messages may be under way now, by the first channel of each group of lanes."""
        return {group[0].value: window.size for group, window in self._windows.items()}

    def _window(self, lane: UplinkLane) -> SendWindow:
        return next(window for group, window in self._windows.items() if lane.channel in group)

    def send(self, letters: Sequence[Letter]) -> None:
        """Store messages; they are durable when this returns and leave with the next steps.

        Raises:
            OutboxFull, OutboxBroken, LetterError: see :meth:`runtime.outbox.Outbox.append`.
        """
        self._outbox.append(letters)

    def publish_status(self, status: Status) -> None:
        """Publish the box's status, retained, as soon as the session is connected.

        It does not pass the outbox: only the newest counts. It is published again after every
        reconnect, since the hub may have put the last will in its place.
        """
        self._status = encode(status)
        self._status_due = True
        self._publish_status()

    def step(self, now: datetime) -> list[Inbound]:
        """Handle acknowledgements, send what is due, and return the other messages that came in.

        Those returned (configuration, commands) are acknowledged to the hub at the beginning of
        the next step: whoever dies while handling one gets it again.
        """
        self._session.acknowledge(self._handled)
        self._handled = self._listen()
        if self._session.connected:
            self._notice_reconnect(now)
            self._publish_status()
            self._rewind_overdue(now)
            self._publish(now)
        return self._handled

    def close(self) -> None:
        """Acknowledge what was handled and say goodbye to the hub."""
        self._session.acknowledge(self._handled)
        self._handled = []
        self._session.close()

    def _listen(self) -> list[Inbound]:
        """Apply the acknowledgements that came in, one deletion a lane; return all else."""
        inbound = self._session.receive()
        acks = [message for message in inbound if message.topic == self._topics[Kind.ACK]]
        confirmed: dict[tuple[str, Channel], int] = {}
        for message in acks:
            ack = self._decode_ack(message.payload)
            if ack is not None:
                key = (ack.boot_id, ack.channel)
                confirmed[key] = max(ack.through_seq, confirmed.get(key, -1))
                lane = self._lanes.get(key)
                if ack.resend and lane is not None and ack.through_seq >= lane.acked:
                    lane.asked_again = True
        for (boot_id, channel), through_seq in confirmed.items():
            if through_seq < 0:
                continue
            self._outbox.confirm(boot_id, channel, through_seq)
            lane = self._lanes.get((boot_id, channel))
            # an acknowledgement of what was never sent is a mistake elsewhere; the outbox counts it
            if lane is not None and through_seq < self._outbox.next_seq(boot_id, channel):
                before = lane.acked
                if lane.confirm(through_seq):
                    self._window(lane).confirmed(through_seq - before)
        self._session.acknowledge(acks)
        return [message for message in inbound if message.topic != self._topics[Kind.ACK]]

    def _decode_ack(self, payload: bytes) -> Ack | None:
        try:
            ack = decode_message(payload)
        except MessageError:
            ack = None
        if not isinstance(ack, Ack):
            self.counters["acks_malformed"] += 1
            return None
        if ack.box != self._box:
            self.counters["acks_foreign"] += 1
            return None
        self.counters["acks"] += 1
        return ack

    def _clock_span(self, wall_s: float) -> timedelta:
        return timedelta(seconds=wall_s * self._clock_per_wall)

    def _notice_reconnect(self, now: datetime) -> None:
        connects = self._session.counters["connects"]
        if connects == self._connects:
            return
        if self._connects:
            for lane in self._lanes.values():
                if lane.in_flight:
                    grace_s = self._rng.uniform(0.0, _RECONNECT_GRACE_S)
                    lane.retry_at = now + self._clock_span(grace_s)
        self._connects = connects
        self._status_due = self._status is not None

    def _publish_status(self) -> None:
        if self._status_due and self._status is not None:
            topic = self._topics[Kind.STATUS]
            self._status_due = not self._session.publish(topic, self._status, retain=True)

    def _rewind_overdue(self, now: datetime) -> None:
        for lane in self._lanes.values():
            if lane.asked_again:
                self._rewind_asked(lane, now)
            if not lane.in_flight:
                lane.retry_at = None
            elif lane.retry_at is None:
                lane.retry_at = now + self._clock_span(self._resend_after_s)
            elif now >= lane.retry_at:
                self._window(lane).missed()
                longer_s = lane.rewind()
                lane.retry_at = now + self._clock_span(self._resend_after_s + longer_s)
                self.counters["rewinds"] += 1

    def _rewind_asked(self, lane: UplinkLane, now: datetime) -> None:
        """Send again at once what the gateway asks for, but not twice while it is on its way."""
        lane.asked_again = False
        if lane.in_flight and (lane.deaf_until is None or now >= lane.deaf_until):
            self._window(lane).missed()
            lane.rewind()
            lane.deaf_until = now + self._clock_span(_ASKED_AGAIN_S)
            self.counters["rewinds"] += 1

    def _publish(self, now: datetime) -> None:
        for key in self._outbox.lanes():
            if key not in self._lanes:
                base_s = self._resend_after_s
                backoff = Backoff(base_s, max(_RESEND_CAP_S, base_s), self._rng)
                former = key[0] != self._boot_id
                self._lanes[key] = UplinkLane(*key, backoff, former=former)
        left = _PUBLISH_LIMIT
        for group in LANE_GROUPS:
            lanes = [lane for lane in self._lanes.values() if lane.channel in group]
            room = min(left, self._windows[group].size - sum(lane.in_flight for lane in lanes))
            limited = self._allowance is not None and group is LANE_GROUPS[-1]
            if self._allowance is not None and limited:
                self._allowance.refill(now, self._clock_per_wall)
                room = min(room, self._allowance.left)
            # the dict is in the order in which the outbox met the lanes: former boots first
            for boot_id in dict.fromkeys(lane.boot_id for lane in lanes):
                sent = self._take_turns(
                    [lane for lane in lanes if lane.boot_id == boot_id], room, now
                )
                if sent is None:
                    return
                room -= sent
                left -= sent
                if self._allowance is not None and limited:
                    self._allowance.spend(sent)

    def _take_turns(self, lanes: list[UplinkLane], limit: int, now: datetime) -> int | None:
        """Send up to ``limit`` messages, a slice of each lane in turn; None when the hub is busy."""
        total = 0
        waiting = lanes
        while waiting and total < limit:
            still = []
            for lane in waiting:
                wanted = min(_TURN, limit - total)
                sent = self._drain(lane, wanted, now)
                if sent is None:
                    return None
                total += sent
                if sent == wanted:
                    still.append(lane)
            waiting = still
        return total

    def _drain(self, lane: UplinkLane, limit: int, now: datetime) -> int | None:
        """Send up to ``limit`` messages of a lane; returns how many, or None when the hub is busy."""
        sent = 0
        while sent < limit and (pending := lane.peek(self._outbox, _READ_BATCH)) is not None:
            resent = lane.was_sent(pending)
            payload = stamp_sent(pending.payload, now, resent=resent)
            if not self._session.publish(self._topics[pending.kind], payload):
                return None
            lane.sent(pending)
            self.counters["resent" if resent else "sent"] += 1
            sent += 1
        return sent
