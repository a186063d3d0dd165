"""What a chaos run plays on: the stack under load and storm, brought to rest, and counted."""

import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from msgspec import Struct
from msgspec.structs import replace

from cityloop.audit.books import AuditReport, percentile
from cityloop.audit.collection import audit_run, read_journal_book, read_ledger
from cityloop.chaos.gauge import read_gauge
from cityloop.chaos.plan import ChaosSettings, Kill
from cityloop.chaos.planting import plant_double, plant_drop
from cityloop.chaos.truth import compare_with_truth, storm_truth
from cityloop.errors import NotReady
from cityloop.stack.api_client import ApiClient, all_revisions
from cityloop.stack.documents import edge_document, storm_document
from cityloop.stack.loopback import wait_until
from cityloop.stack.plan import StackPlan
from cityloop.stack.stack import Stack
from simulators.scenario import RAINSTORM_DURATION_S

__all__ = ["ChaosResult", "Stage"]

_WARM_UP_S = 3.0
_DRAIN_S = 240.0
_SETTLE_S = 60.0
_MAX_BACKLOG = 60_000
"""Messages that may wait in the box before the load pauses, so that a slow machine is not buried."""


class ChaosResult(Struct, frozen=True, kw_only=True):
    """What is printed; ``lost``, ``duplicates`` and ``timers_reset`` must be 0."""

    kills: int
    rate: float
    """Messages a second that the box enqueued while load was on, kills included."""
    lost: int
    duplicates: int
    timers_reset: int
    messages: int
    journalled: int
    events: int
    statements: int
    unexpected_statements: int
    given_up: int
    recovery_s: dict[str, float]
    """Median real seconds from a part's start until it answered again."""
    seconds: float
    plant: str
    examples: tuple[str, ...]
    fault: str = "kills"
    figures: dict[str, float] = {}
    """What else a fault measured; see docs/durability.md."""


class Stage:
    """The parts of one run.

    Args:
        settings: load, seed, what to plant.
        plan: ports, identities, clock.
        stack: hub, API and gateway.
        say: told what happens, in words.
    """

    def __init__(
        self, settings: ChaosSettings, plan: StackPlan, stack: Stack, say: Callable[[str], None]
    ) -> None:
        self.settings = settings
        self.plan = plan
        self.stack = stack
        self.say = say
        self.hub_port = plan.ports.mqtt
        """Where the box finds the hub."""
        self.figures: dict[str, float] = {}
        """What else was measured."""
        assert plan.clock is not None
        self._scale = plan.clock.scale
        self._recoveries: dict[str, list[float]] = {}
        self._load_from = 0.0
        self._load_s = 0.0
        self._storm_at = datetime.now(UTC)

    def start(self) -> None:
        """Start every part, the load and the storm."""
        self.say(f"storm at {self._scale:.1f}-fold speed, load {self.settings.rate:,.0f}/s")
        # a planted drop leaves a hole that no box will ever fill: it must not be waited for long
        gap = {"intake": {"gap_after_s": 5.0}} if self.settings.plant == "drop" else {}
        self.stack.prepare(gateway=gap)
        began = time.monotonic()
        self.stack.start()
        # the storm's process takes as long to come up as others do; what it says too late is not judged
        lead_s = 5.0 + (time.monotonic() - began) * self._scale
        assert self.plan.clock is not None
        clock = self.plan.clock
        elapsed = (datetime.now(UTC) - clock.origin) * self._scale
        self._storm_at = clock.epoch + elapsed + timedelta(seconds=lead_s)
        storm = storm_document(self.plan, seed=self.settings.seed)
        storm |= {"until_s": RAINSTORM_DURATION_S, "start_at": self._storm_at.isoformat()}
        self.stack.add_role("storm", "simulators", storm, "run")
        self.stack.add_role("edge", "edge", self.edge(), "run")
        self.stack.await_ready("edge")
        self._load_from = time.monotonic()
        time.sleep(_WARM_UP_S)
        if self.settings.plant == "drop":
            self._plant_drop()

    def edge(self, *, ahead_s: float = 0.0, loaded: bool = True) -> dict[str, Any]:
        """Return the box's configuration.

        Args:
            ahead_s: how far its clock is ahead of everybody's, seconds of the stack's clock.
            loaded: whether it makes readings.
        """
        load = {
            "driver": "load",
            "rate_hz": self.settings.rate / self._scale,
            "subjects": 1000,
            "max_backlog": _MAX_BACKLOG,
            # both are of the stack's clock, which runs faster than the load is meant to
            "burst_s": 0.25 * self._scale,
        }
        document = edge_document(self.plan, sensors=[load] if loaded else [])
        document["hub"] = document["hub"] | {"port": self.hub_port}
        if ahead_s:
            assert self.plan.clock is not None
            epoch = self.plan.clock.epoch + timedelta(seconds=ahead_s)
            document["clock"] = document["clock"] | {"epoch": epoch.isoformat()}
        return document

    def recovered(self, what: str, since: float) -> None:
        """Note how long something took to be well again, in real seconds."""
        took_s = time.monotonic() - since
        self._recoveries.setdefault(what, []).append(took_s)
        self.say(f"{what}: well again after {took_s:.1f} s")

    def gauge(self, name: str) -> float:
        """Return a figure of the gateway's, summed over its labels; waits while it does not answer.

        A silent gateway must not pass for one in which nothing waits.

        Raises:
            NotReady: it does not answer for long.
        """
        return read_gauge(f"http://127.0.0.1:{self.plan.ports.gateway}/metrics", name)

    def await_edge(self, what: str, since: float) -> None:
        """Wait until the gateway has taken in something that the box sent from now on.

        Raises:
            NotReady: it has not.
        """
        before = self._edge_heard()
        if not wait_until(lambda: self._edge_heard() != before, _DRAIN_S, every_s=0.05):
            raise NotReady(f"{what}: nothing is heard of the box after {_DRAIN_S:.0f} s")
        self.recovered(what, since)

    def _edge_heard(self) -> object:
        """Return when the gateway last took something in from the box; None: unknown."""
        url = f"http://127.0.0.1:{self.plan.ports.gateway}/devices"
        try:
            lines = httpx.get(url, timeout=2.0).raise_for_status().json()
        except httpx.HTTPError:
            return None
        return next((line["heard_at"] for line in lines if line["box"] == self.plan.edge_box), None)

    def await_intake(self, what: str, since: float) -> None:
        """Wait until the gateway takes in messages again.

        Raises:
            NotReady: it does not.
        """
        before = self.gauge("messages_total")
        if not wait_until(lambda: self.gauge("messages_total") > before, _DRAIN_S, every_s=0.2):
            raise NotReady(f"{what}: the gateway takes nothing in after {_DRAIN_S:.0f} s")
        self.recovered(what, since)

    def _plant_drop(self) -> None:
        """Take a message out of the box's outbox that cannot have left: its hub was dead."""
        hub, edge = self.stack.processes["hub"], self.stack.processes["edge"]
        hub.kill()
        time.sleep(1.0)
        edge.kill()
        dropped = plant_drop(self.plan.outbox(self.plan.edge_box))
        self.say(f"planted: dropped message {dropped}")
        for process in (hub, edge):
            process.start()
            self.stack.await_ready(process.name)

    def strike(self, number: int, kill: Kill) -> None:
        """Kill one part, start it again, and wait until it answers."""
        time.sleep(kill.pause_s)
        process = self.stack.processes[kill.target]
        process.require_alive()
        process.kill()
        time.sleep(kill.down_s)
        process.start()
        started = time.monotonic()
        self.stack.await_ready(kill.target)
        took_s = time.monotonic() - started
        self._recoveries.setdefault(kill.target, []).append(took_s)
        self.say(
            f"kill {number:>3}: {kill.target:<8} down {kill.down_s:.1f} s, back {took_s:.1f} s"
        )

    def rest(self) -> None:
        """End the load, let the storm finish, and wait until nothing is on its way."""
        self.say("no more kills; letting everything arrive …")
        self._load_s = time.monotonic() - self._load_from
        self.stack.processes["edge"].require_alive()
        if not self.stack.drain("edge", "edge", self.edge(loaded=False), _DRAIN_S):
            raise NotReady(
                f"the box still holds messages after {_DRAIN_S:.0f} s; its log ends with:\n"
                f"{self.stack.processes['edge'].log_tail()}"
            )
        if self.stack.processes["storm"].wait_exit(_DRAIN_S) is None:
            raise NotReady(f"the storm's boxes still hold messages after {_DRAIN_S:.0f} s")

    def count(self, begun: float) -> ChaosResult:
        """Compare the books."""
        with closing(self.stack.client()) as client:
            return self._count(client, begun)

    def _count(self, client: ApiClient, begun: float) -> ChaosResult:
        if self.settings.plant == "double":
            key = self.plan.secret("gateway.key").read_text("utf-8").strip()
            with closing(ApiClient(self.plan.api_url, key)) as poster:
                twin = plant_double(client, poster)
            self.say(f"planted: told an episode again as {twin}")
        ledgers = [self.plan.outbox(box) for box in self.plan.boxes]
        book = read_journal_book(self.plan.journal, default_district=self.plan.district)
        deadline = time.monotonic() + _SETTLE_S
        while True:
            revisions = all_revisions(client)
            report = audit_run(ledgers=ledgers, book=book, revisions=revisions)
            if report.lost_statements == 0 or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        differences = self._timers(revisions)
        load = sum(read_ledger(self.plan.outbox(self.plan.edge_box)).values())
        return self._result(report, differences, load, time.monotonic() - begun)

    def _timers(self, revisions: list[dict[str, Any]]) -> list[str]:
        water = [body for body in revisions if body["event_type"] == "water.ponding"]
        expected = storm_truth(self.settings.seed, RAINSTORM_DURATION_S)
        return compare_with_truth(expected, water, self._storm_at)

    def _result(
        self, report: AuditReport, differences: list[str], load: int, seconds: float
    ) -> ChaosResult:
        result = self.result(
            rate=load / self._load_s,
            lost=report.lost,
            duplicates=report.duplicates,
            messages=report.enqueued,
            journalled=report.journalled,
            events=report.expected_episodes,
            statements=report.found_statements,
            seconds=seconds,
        )
        return replace(
            result,
            timers_reset=len(differences),
            unexpected_statements=report.unexpected_statements,
            given_up=report.given_up_messages,
            examples=(*report.examples, *differences)[:20],
        )

    def result(
        self,
        *,
        rate: float,
        lost: int,
        duplicates: int,
        messages: int,
        journalled: int,
        events: int,
        statements: int,
        seconds: float,
    ) -> ChaosResult:
        """Return the figures of a run with what was noted on the way."""
        return ChaosResult(
            kills=self.settings.kills if self.settings.fault == "kills" else 0,
            rate=round(rate, 1),
            lost=lost,
            duplicates=duplicates,
            timers_reset=0,
            messages=messages,
            journalled=journalled,
            events=events,
            statements=statements,
            unexpected_statements=0,
            given_up=0,
            recovery_s={
                target: round(percentile(times, 0.5) or 0.0, 2)
                for target, times in self._recoveries.items()
            },
            seconds=round(seconds, 1),
            plant=self.settings.plant,
            examples=(),
            fault=self.settings.fault,
            figures=self.figures,
        )
