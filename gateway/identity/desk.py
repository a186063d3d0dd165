"""The worker's side of the fleet: news into the journal, configurations to boxes, reports back."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec
import structlog

from contracts.codec import MAX_PAYLOAD_BYTES, encode
from contracts.control import ConfigDesired
from contracts.packs import PackReport
from contracts.registry import (
    BoxReport,
    DesiredConfig,
    FleetReport,
    OrderReport,
    RegistryPage,
    RegistryUpdate,
    UnknownDevices,
)
from contracts.topics import Kind, box_topic
from gateway.clock_watch import ClockWatch
from gateway.command_store import CommandStore
from gateway.desired_store import DesiredStore
from gateway.errors import StoreError
from gateway.identity.link import FleetLink, FleetNews
from gateway.registry import Registry
from runtime.session import Session

__all__ = ["FleetDesk"]

_CHUNK = 500
"""Devices in one journal record: about 100 KB."""
_ORDERS = 500
"""Newest orders whose state is reported."""
_PACKS_S = 3_600.0
"""Seconds after which packs are told again, texts and all: an API may have lost its database."""
_REPEAT_S = 60.0
"""Seconds after which a report or a configuration that nobody confirmed is said again."""


class FleetDesk:
    """Owned by the worker's thread, except :meth:`compose`, :meth:`confirm` and :meth:`desired`.

    Args:
        name: this gateway.
        registry: the state that updates go into.
        record: journals an encoded ``registry.v1`` and applies it; False when it cannot be written.
        session: the way to the hub.
        store: desired configurations on disk.
        watch: what is known of boxes.
        unknown: what to do with devices that the registry does not know.
        orders: orders of rules to devices.
        packs: returns what is to be told of rule packs.
    """

    def __init__(
        self,
        *,
        name: str,
        registry: Registry,
        record: Callable[[bytes, datetime], bool],
        session: Session,
        store: DesiredStore,
        watch: ClockWatch,
        unknown: UnknownDevices,
        orders: CommandStore,
        packs: Callable[[], PackReport],
    ) -> None:
        self._name = name
        self._registry = registry
        self._record = record
        self._session = session
        self._store = store
        self._watch = watch
        self._unknown = unknown
        self._orders = orders
        self._packs = packs
        self._told_packs: tuple[PackReport, float] | None = None
        self._telling_packs: tuple[PackReport, float] | None = None
        self._waiting: FleetNews | None = None
        self._updates: list[bytes] = []
        self._unpublished: set[str] = set()
        self._published_at_s = 0.0
        self._connects = 0
        self._told: dict[str, tuple[BoxReport, float]] = {}
        self._telling: dict[str, tuple[BoxReport, float]] = {}
        self._told_orders: dict[str, OrderReport] = {}
        self._telling_orders: dict[str, OrderReport] = {}
        self.counters: Counter[str] = Counter()
        """``registry_updates``, ``configs_published``, ``configs_too_large``."""

    def start(self, link: FleetLink) -> None:
        """Begin where the journal and the disk left off."""
        link.begin(self._registry.revision, self._store.revision)
        if self._registry.revision and self._registry.unknown is not self._unknown:
            update = RegistryUpdate(revision=self._registry.revision, unknown=self._unknown)
            self._updates.append(msgspec.json.encode(update))

    def step(self, link: FleetLink, now: datetime) -> None:
        """Take in news and hand configurations to the hub."""
        while self._journal(now):
            news = self._waiting or link.take()
            if news is None:
                break
            self._waiting = news if not self._take(news) else None
            if self._waiting is not None:
                break
        self._publish(now.timestamp())

    def _journal(self, now: datetime) -> bool:
        """Journal updates that wait; False when the disk has no room now."""
        while self._updates:
            if not self._record(self._updates[0], now):
                return False
            self._updates.pop(0)
            self.counters["registry_updates"] += 1
        return True

    def _take(self, news: FleetNews) -> bool:
        if news.page is not None:
            # until the last piece is there, a registry that begins anew counts as unknown
            before = 0 if news.reset else self._registry.revision
            updates = _updates(news.page, self._unknown, before, reset=news.reset)
            self._updates.extend(msgspec.json.encode(update) for update in updates)
            return True
        assert news.configs_revision is not None
        try:
            fresh = self._store.put(news.configs, news.configs_revision)
        except StoreError as error:
            structlog.get_logger().error("desired_not_stored", error=str(error))
            return False
        self._unpublished.update(fresh)
        return True

    def _publish(self, now_s: float) -> None:
        """Publish what is new; after a reconnect, and now and then, what no box has confirmed."""
        connects = self._session.counters["connects"]
        overdue = not 0 <= now_s - self._published_at_s < _REPEAT_S
        if connects != self._connects or overdue:
            self._connects, self._published_at_s = connects, now_s
            self._unpublished.update(
                box for box, config in self._store.configs.items() if not self._confirmed(config)
            )
        for box in sorted(self._unpublished):
            config = self._store.configs[box]
            payload = encode(
                ConfigDesired(
                    box=box, version=config.version, sha256=config.sha256, config=config.config
                )
            )
            if len(payload) > MAX_PAYLOAD_BYTES:
                self.counters["configs_too_large"] += 1
                structlog.get_logger().error(
                    "desired_too_large", box=box, version=config.version, bytes=len(payload)
                )
                self._unpublished.discard(box)
                continue
            topic = box_topic(config.district, config.site, box, Kind.CONFIG_DESIRED)
            if not self._session.publish(topic, payload, retain=True):
                return
            self._unpublished.discard(box)
            self.counters["configs_published"] += 1

    def _confirmed(self, config: DesiredConfig) -> bool:
        reported = self._registry.reported.get(config.box)
        return reported is not None and reported.sha256 == config.sha256

    def compose(self, now: datetime) -> FleetReport:
        """Return what the API has not been told yet, or not for a minute; never waits."""
        now_s = now.timestamp()
        fresh = []
        self._telling = {}
        for report in self._watch.reports(now):
            told, at_s = self._told.get(report.box, (None, 0.0))
            if told == _lasting(report) and 0 <= now_s - at_s < _REPEAT_S:
                continue
            self._telling[report.box] = (_lasting(report), now_s)
            fresh.append(report)
        orders = {row.order.id: row.report() for row in self._orders.newest(_ORDERS)}
        self._telling_orders = orders
        packs = self._packs()
        told_packs, told_s = self._told_packs or (None, 0.0)
        news = told_packs != packs or not 0 <= now_s - told_s < _PACKS_S
        self._telling_packs = (packs, now_s) if news else self._told_packs
        return FleetReport(
            gateway=self._name,
            at=now,
            boxes=tuple(fresh),
            rates=self._watch.rates(now),
            orders=tuple(
                order for name, order in orders.items() if self._told_orders.get(name) != order
            ),
            packs=packs if news else None,
        )

    def confirm(self) -> None:
        """Take note that the API has what was composed last."""
        self._told |= self._telling
        self._told_orders = self._telling_orders
        self._told_packs = self._telling_packs

    def desired(self) -> dict[str, tuple[int, str]]:
        """Return version and hash of what each box should run."""
        return {
            box: (config.version, config.sha256)
            for box, config in list(self._store.configs.items())
        }

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def _lasting(report: BoxReport) -> BoxReport:
    """Return a report without what changes with every message."""
    cameras = tuple(msgspec.structs.replace(camera, fps=None) for camera in report.cameras)
    return msgspec.structs.replace(report, heard_at=None, counters={}, cameras=cameras)


def _updates(
    page: RegistryPage, unknown: UnknownDevices, before: int, *, reset: bool
) -> Iterator[RegistryUpdate]:
    """Yield a page in pieces that fit a journal record.

    Only the last one carries the page's revision: a kill in between must not make the rest skipped.
    """
    chunks = [page.devices[at : at + _CHUNK] for at in range(0, len(page.devices), _CHUNK)]
    for index, chunk in enumerate(chunks[:-1]):
        yield RegistryUpdate(
            revision=before, unknown=unknown, reset=reset and index == 0, devices=chunk
        )
    yield RegistryUpdate(
        revision=page.revision,
        unknown=unknown,
        reset=reset and len(chunks) <= 1,
        devices=chunks[-1] if chunks else (),
        boxes=page.boxes,
        gone_devices=page.gone_devices,
        gone_boxes=page.gone_boxes,
    )
