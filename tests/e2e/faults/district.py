"""One box and one gateway around a hub that misbehaves, and the count of what came through."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec

from cityloop.audit.books import AuditReport
from cityloop.audit.collection import audit_run, read_journal_book
from contracts.envelope import Channel
from contracts.readings import Readings, Record
from contracts.topics import Kind
from gateway.bootstrap import build
from gateway.config import GatewayConfig, JetStreamConfig, RulesConfig
from gateway.sinks.memory import CallableSink
from runtime.clock import SystemClock
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from runtime.outbox import Letter, Outbox, Stamp
from runtime.uplink import Uplink
from tests.contract.runtime.brokers import wait_until
from tests.unit.gateway.city import BOOT, BOX, DISTRICT, PACK, SITE

__all__ = ["Box", "Reachable", "Street", "reading", "urgent"]


class Reachable(msgspec.Struct, frozen=True):
    """Where the hub is and with which password files one logs in; None: everybody may."""

    port: int
    passwords: Path | None = None
    native: int | None = None
    """Port of the streams that the gateway is to read; None: it is to use MQTT."""

    def config(self, user: str) -> MqttConfig:
        """Return how a user reaches it."""
        secret = None if self.passwords is None else str(self.passwords / f"{user}.password")
        return MqttConfig(
            port=self.port,
            client_id=user,
            username=None if secret is None else user,
            password_file=secret,
            inflight=4_000,
            reconnect_cap_s=0.3,
        )


def reading(depth_m: float, note: str = "") -> Letter:
    """Return a water level; a note makes it as large as is wanted."""
    record = Record(bn="water-1/", profile="water_level", n="depth_m", u="m", v=depth_m)
    return _letter(Channel.READINGS, record, *([Record(n="note", vs=note)] if note else []))


def urgent() -> Letter:
    """Return a press of the alarm button, which makes one event."""
    record = Record(bn="button-1/", profile="alarm_button", n="pressed", vb=True)
    return _letter(Channel.URGENT, record)


def _letter(channel: Channel, *records: Record) -> Letter:
    def compose(stamp: Stamp) -> Readings:
        return Readings(**stamp._asdict(), at=datetime.now(UTC), records=records)

    return Letter(channel, Kind(channel.value), compose)


class Box:
    """A real box: outbox on disk, MQTT session, uplink."""

    def __init__(self, outbox: Path, hub: Reachable, *, site: str = SITE) -> None:
        self.path = outbox
        self.outbox = Outbox(outbox, box=BOX, boot_id=BOOT, clock=SystemClock())
        self.session = MqttSession(hub.config(BOX), rng=Random(1))
        self.uplink = Uplink(
            outbox=self.outbox,
            session=self.session,
            district=DISTRICT,
            site=site,
            box=BOX,
            boot_id=BOOT,
            resend_after_s=0.2,
            window=20_000,
            rng=Random(2),
        )
        self._closed = False
        self.session.start()

    def step(self) -> None:
        """Send, hear acks, resend."""
        self.uplink.step(datetime.now(UTC))

    def enqueue(self, count: int, note: str = "") -> None:
        """Store ``count`` water levels and one press of the alarm button."""
        self.uplink.send([*(reading(0.01 * (n % 10), note) for n in range(count)), urgent()])

    def publish_all(self) -> int:
        """Send each stored message once; return how many the hub has acknowledged: all of them."""
        stored = self.outbox.rows

        def answered() -> bool:
            if self.uplink.counters["sent"] < stored:
                self.step()
            return self.uplink.counters["sent"] >= stored and self.session._in_flight == 0

        wait_until(answered, f"the hub acknowledges {stored} messages")
        return self.uplink.counters["sent"]

    def close(self) -> None:
        """Say goodbye and let go of the outbox."""
        if not self._closed:
            self._closed = True
            self.uplink.close()
            self.outbox.close()


class Street:
    """A box, a gateway that comes and goes, and the books of both."""

    def __init__(self, folder: Path, hub: Reachable, *, site: str = SITE) -> None:
        self._folder = folder
        self._hub = hub
        (folder / "pack.yaml").write_text(PACK, encoding="utf-8")
        self.config = GatewayConfig(
            state_dir=str(folder / "gateway"),
            districts=(DISTRICT,),
            hub=hub.config("gateway"),
            jetstream=None if hub.native is None else JetStreamConfig(port=hub.native),
            rules=RulesConfig(paths=(str(folder / "pack.yaml"),)),
            metrics=None,
        )
        self._revisions: list[dict[str, object]] = []
        self.box = Box(folder / "outbox.db", hub, site=site)
        wait_until(lambda: self.box.session.connected, "the box is connected")

    def _take(self, batch: Sequence[bytes]) -> None:
        self._revisions.extend(msgspec.json.decode(body) for body in batch)

    def deliver(self, *, within_s: float = 20.0) -> None:
        """Run a gateway until the box has nothing left that it must keep."""
        self.run_gateway(lambda: self.box.uplink.backlog == 0, within_s=within_s)

    def introduce_gateway(self) -> None:
        """Let the gateway be heard of once, so that the hub keeps a session for it, and go away."""
        self.box.uplink.send([reading(0.0)])
        self.deliver()

    def run_gateway(self, done: Callable[[], bool], *, within_s: float = 20.0) -> None:
        """Run a gateway beside the box until ``done``, then let it go away."""
        gateway = build(self.config, sink=CallableSink(self._take), rng=Random(3))
        gateway.start()

        def over() -> bool:
            self.box.step()
            if gateway.step(datetime.now(UTC)) == 0:
                gateway.lanes.wait(0.01)
            return done()

        try:
            wait_until(over, "what the gateway is run for", within_s)
        finally:
            gateway.worker.checkpoint()
            gateway.close()

    def audit(self) -> AuditReport:
        """Close the box and compare ledger, journal and events."""
        self.box.close()
        return audit_run(
            ledgers=[self.box.path],
            book=read_journal_book(self._folder / "gateway" / "journal", default_district=DISTRICT),
            revisions=self._revisions,
        )
