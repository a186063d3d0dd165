"""One chaos run: load and storm, kill after kill, then rest, then the count."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cityloop.audit.books import AuditReport, percentile
from cityloop.audit.collection import audit_run, read_journal_book, read_ledger
from cityloop.chaos.plan import ChaosSettings, Kill, draw_kills
from cityloop.chaos.planting import plant_double, plant_drop
from cityloop.chaos.truth import compare_with_truth, storm_truth
from cityloop.errors import NotReady
from cityloop.stack.api_client import ApiClient, all_revisions
from cityloop.stack.documents import edge_document, rule_packs, storm_document
from cityloop.stack.plan import StackPlan, plan_stack
from cityloop.stack.stack import Stack
from simulators.scenario import RAINSTORM_DURATION_S

__all__ = ["ChaosResult", "run_chaos"]

_WARM_UP_S = 3.0
_DRAIN_S = 240.0
_SETTLE_S = 60.0
_SECONDS_A_KILL = 5.0
"""Real seconds that one kill takes about, recovery included; sets the storm's speed."""

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


def run_chaos(settings: ChaosSettings, folder: Path, say: Callable[[str], None]) -> ChaosResult:
    """Run and count.

    Args:
        settings: how many kills, how much load, which seed.
        folder: an empty folder for everything that the parts write.
        say: told what happens, in words.

    Raises:
        StackError: a part did not come back.
    """
    begun = time.monotonic()
    estimate_s = _WARM_UP_S + settings.kills * _SECONDS_A_KILL
    plan = plan_stack(
        folder,
        scale=max(1.0, RAINSTORM_DURATION_S / max(estimate_s, 20.0)),
        intake=settings.intake,
    )
    stack = Stack(plan, rule_packs(["flood"]))
    chaos = _Chaos(settings, plan, stack, say)
    try:
        chaos.start()
        for number, kill in enumerate(draw_kills(settings), start=1):
            chaos.strike(number, kill)
        chaos.rest()
        return chaos.count(begun)
    finally:
        stack.stop()


class _Chaos:
    """The state of one run."""

    def __init__(
        self, settings: ChaosSettings, plan: StackPlan, stack: Stack, say: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._plan = plan
        self._stack = stack
        self._say = say
        assert plan.clock is not None
        self._scale = plan.clock.scale
        self._recoveries: dict[str, list[float]] = {}
        self._load_from = 0.0
        self._load_s = 0.0
        self._storm_at = datetime.now(UTC)

    def start(self) -> None:
        """Start every part, the load and the storm."""
        self._say(f"storm at {self._scale:.1f}-fold speed, load {self._settings.rate:,.0f}/s")
        # a planted drop leaves a hole that no box will ever fill: it must not be waited for long
        gap = {"intake": {"gap_after_s": 5.0}} if self._settings.plant == "drop" else {}
        self._stack.prepare(gateway=gap)
        self._stack.start()
        assert self._plan.clock is not None
        clock = self._plan.clock
        elapsed = (datetime.now(UTC) - clock.origin) * self._scale
        self._storm_at = clock.epoch + elapsed + timedelta(seconds=5.0)
        storm = storm_document(self._plan, seed=self._settings.seed)
        storm |= {"until_s": RAINSTORM_DURATION_S, "start_at": self._storm_at.isoformat()}
        self._stack.add_role("storm", "simulators", storm, "run")
        self._stack.add_role("edge", "edge", self._edge(), "run")
        self._stack.await_ready("edge")
        self._load_from = time.monotonic()
        time.sleep(_WARM_UP_S)
        if self._settings.plant == "drop":
            self._plant_drop()

    def _edge(self) -> dict[str, Any]:
        load = {
            "driver": "load",
            "rate_hz": self._settings.rate / self._scale,
            "subjects": 1000,
            "max_backlog": _MAX_BACKLOG,
            # both are of the stack's clock, which runs faster than the load is meant to
            "burst_s": 0.25 * self._scale,
        }
        return edge_document(self._plan, sensors=[load])

    def _plant_drop(self) -> None:
        """Take a message out of the box's outbox that cannot have left: its hub was dead."""
        hub, edge = self._stack.processes["hub"], self._stack.processes["edge"]
        hub.kill()
        time.sleep(1.0)
        edge.kill()
        dropped = plant_drop(self._plan.outbox(self._plan.edge_box))
        self._say(f"planted: dropped message {dropped}")
        for process in (hub, edge):
            process.start()
            self._stack.await_ready(process.name)

    def strike(self, number: int, kill: Kill) -> None:
        """Kill one part, start it again, and wait until it answers."""
        time.sleep(kill.pause_s)
        process = self._stack.processes[kill.target]
        process.require_alive()
        process.kill()
        time.sleep(kill.down_s)
        process.start()
        started = time.monotonic()
        self._stack.await_ready(kill.target)
        took_s = time.monotonic() - started
        self._recoveries.setdefault(kill.target, []).append(took_s)
        self._say(
            f"kill {number:>3}: {kill.target:<8} down {kill.down_s:.1f} s, back {took_s:.1f} s"
        )

    def rest(self) -> None:
        """End the load, let the storm finish, and wait until nothing is on its way."""
        self._say("no more kills; letting everything arrive …")
        self._load_s = time.monotonic() - self._load_from
        if not self._stack.drain("edge", "edge", edge_document(self._plan), _DRAIN_S):
            raise NotReady(
                f"the box still holds messages after {_DRAIN_S:.0f} s; its log ends with:\n"
                f"{self._stack.processes['edge'].log_tail()}"
            )
        if self._stack.processes["storm"].wait_exit(_DRAIN_S) is None:
            raise NotReady(f"the storm's boxes still hold messages after {_DRAIN_S:.0f} s")

    def count(self, begun: float) -> ChaosResult:
        """Compare the books."""
        client = self._stack.client()
        if self._settings.plant == "double":
            key = self._plan.secret("gateway.key").read_text("utf-8").strip()
            twin = plant_double(client, ApiClient(self._plan.api_url, key))
            self._say(f"planted: told an episode again as {twin}")
        ledgers = [self._plan.outbox(box) for box in self._plan.boxes]
        book = read_journal_book(self._plan.journal, default_district=self._plan.district)
        deadline = time.monotonic() + _SETTLE_S
        while True:
            revisions = all_revisions(client)
            report = audit_run(ledgers=ledgers, book=book, revisions=revisions)
            if report.lost_statements == 0 or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        differences = self._timers(revisions)
        load = sum(read_ledger(self._plan.outbox(self._plan.edge_box)).values())
        return self._result(report, differences, load, time.monotonic() - begun)

    def _timers(self, revisions: list[dict[str, Any]]) -> list[str]:
        water = [body for body in revisions if body["event_type"] == "water.ponding"]
        expected = storm_truth(self._settings.seed, RAINSTORM_DURATION_S)
        return compare_with_truth(expected, water, self._storm_at)

    def _result(
        self, report: AuditReport, differences: list[str], load: int, seconds: float
    ) -> ChaosResult:
        result = ChaosResult(
            kills=self._settings.kills,
            rate=round(load / self._load_s, 1),
            lost=report.lost,
            duplicates=report.duplicates,
            timers_reset=len(differences),
            messages=report.enqueued,
            journalled=report.journalled,
            events=report.expected_episodes,
            statements=report.found_statements,
            unexpected_statements=report.unexpected_statements,
            given_up=report.given_up_messages,
            recovery_s={
                target: round(percentile(times, 0.5) or 0.0, 2)
                for target, times in self._recoveries.items()
            },
            seconds=round(seconds, 1),
            plant=self._settings.plant,
            examples=report.examples,
        )
        return replace(result, examples=(*report.examples, *differences)[:20])
