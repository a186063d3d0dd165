"""One demonstration: start everything, let it rain, tell what happens, stop, count."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cityloop.audit.books import AuditReport, percentile
from cityloop.audit.collection import (
    JournalBook,
    audit_run,
    latencies_ms,
    read_journal_book,
)
from cityloop.demo.operator_desk import OperatorDesk
from cityloop.stack.api_client import ApiClient, Change, StreamListener, all_revisions
from cityloop.stack.documents import (
    drawn_street_camera,
    edge_document,
    rule_packs,
    storm_document,
)
from cityloop.stack.plan import StackPlan, plan_stack
from cityloop.stack.stack import Stack
from runtime.clock import ClockConfig, build_clock
from simulators.scenario import RAINSTORM_DURATION_S
from simulators.scene.recording import record_scene
from simulators.scene.staging import StagedStop, Staging
from simulators.scene.street_camera import StreetCamera, scene_setting

__all__ = ["DemoResult", "run_demo"]

_STREET_S = 150.0
"""Length of the street camera's recording, seconds of its own time."""

_STREET_FPS = 2
"""Few: the storm's clock runs many times as fast, and so does the camera."""
_BLOCKED = StagedStop(lane=2, along_m=28.0, at_s=15.0, until_s=90.0)
"""The car that stands in the fire lane."""
_SETTLE_S = 20.0
"""How long after the last reading everything may be on its way."""


class DemoResult(Struct, frozen=True, kw_only=True):
    """What a run led to; the demo's last line with ``--json``."""

    readings: int
    observations: int
    events: int
    cases: int
    lost: int
    duplicates: int
    reading_to_event_ms_p50: float | None
    reading_to_event_ms_p99: float | None
    messages: int
    closed_case: str | None
    seconds: float


def run_demo(
    *,
    folder: Path,
    seconds: float,
    seed: int,
    intake: str = "jetstream",
    say: Callable[[str], None],
    heard: Callable[[Change], None],
    tick: Callable[[float], None],
) -> DemoResult:
    """Run the rainstorm for ``seconds`` real seconds and return what it led to.

    Args:
        folder: an empty folder for everything that the parts write.
        seconds: real seconds that the storm's twelve minutes take.
        seed: of the storm and the street.
        intake: how the gateway takes messages from the hub: ``jetstream`` or ``mqtt``.
        say: told what the demo itself does.
        heard: told each change at the API; called in another thread.
        tick: told the share of the run that is over, 0..1.

    Raises:
        StackError: a part did not start, or ended.
    """
    plan = plan_stack(folder, scale=RAINSTORM_DURATION_S / seconds, intake=intake)
    clip = folder / "street.mp4"
    stack = Stack(plan, rule_packs())
    changes: list[Change] = []
    try:
        say("starting hub, API and gateway, and drawing a street for the camera …")
        painter = threading.Thread(target=_draw_street, args=(clip, seed), name="painter")
        painter.start()
        stack.prepare()
        stack.start()
        painter.join()
        say(f"the API answers at {plan.api_url}, its documentation at {plan.api_url}/docs")
        client = stack.client()
        listener = StreamListener(client, _now(plan), _both(changes, heard))
        listener.start()
        begun = time.monotonic()
        _start_boxes(stack, clip, seed)
        say("it begins to rain …")
        desk = OperatorDesk(stack.client())
        while (spent_s := time.monotonic() - begun) < seconds:
            stack.check_essential()
            desk.look()
            tick(min(1.0, spent_s / seconds))
            time.sleep(0.2)
        tick(1.0)
        say("the storm is over; stopping the boxes and counting …")
        stack.processes["storm"].wait_exit(_SETTLE_S)
        stack.processes["storm"].stop()
        stack.drain("edge", "edge", edge_document(plan), _SETTLE_S)
        book, report = _settled(plan, client, desk)
        listener.stop()
        return _result(plan, client, changes, book, report, desk, time.monotonic() - begun)
    finally:
        stack.stop()


def _draw_street(clip: Path, seed: int) -> None:
    setting = replace(scene_setting("fire-lane"), staging=Staging(stops=(_BLOCKED,)))
    camera = StreetCamera(setting, seed, fps=float(_STREET_FPS))
    record_scene(camera, clip, seconds=_STREET_S, fps=_STREET_FPS)


def _start_boxes(stack: Stack, clip: Path, seed: int) -> None:
    plan = stack.plan
    storm = storm_document(plan, seed=seed)
    storm["until_s"] = RAINSTORM_DURATION_S
    stack.add_role("storm", "simulators", storm, "run")
    stack.add_role("edge", "edge", edge_document(plan, cameras=[drawn_street_camera(clip)]), "run")


def _now(plan: StackPlan) -> Callable[[], datetime]:
    clock = plan.clock
    if clock is None:
        return lambda: datetime.now(UTC)
    return build_clock(ClockConfig(epoch=clock.epoch, origin=clock.origin, scale=clock.scale)).now


def _both(changes: list[Change], heard: Callable[[Change], None]) -> Callable[[Change], None]:
    def take(change: Change) -> None:
        changes.append(change)
        heard(change)

    return take


def _settled(
    plan: StackPlan, client: ApiClient, desk: OperatorDesk
) -> tuple[JournalBook, AuditReport]:
    """Count again and again until nothing is on its way any more, or the time is up."""
    deadline = time.monotonic() + _SETTLE_S
    ledgers = [plan.outbox(box) for box in plan.boxes]
    while True:
        desk.look()
        book = read_journal_book(plan.journal, default_district=plan.district)
        revisions = all_revisions(client)
        report = audit_run(ledgers=ledgers, book=book, revisions=revisions)
        if report.lost == 0 or time.monotonic() > deadline:
            return book, report
        time.sleep(0.5)


def _result(
    plan: StackPlan,
    client: ApiClient,
    changes: list[Change],
    book: JournalBook,
    report: AuditReport,
    desk: OperatorDesk,
    seconds: float,
) -> DemoResult:
    scale = plan.clock.scale if plan.clock is not None else 1.0
    heard: list[tuple[dict[str, Any], datetime]] = [
        (change.body, change.heard_at) for change in changes if change.topic == "event"
    ]
    delays = latencies_ms(heard, scale=scale)
    p50, p99 = percentile(delays, 0.5), percentile(delays, 0.99)
    return DemoResult(
        readings=book.readings,
        observations=book.observations,
        events=len({event.event_id for event in book.events}),
        cases=sum(1 for _ in client.pages("/v1/cases")),
        lost=report.lost,
        duplicates=report.duplicates,
        reading_to_event_ms_p50=None if p50 is None else round(p50, 1),
        reading_to_event_ms_p99=None if p99 is None else round(p99, 1),
        messages=report.enqueued,
        closed_case=desk.case if desk.finished else None,
        seconds=round(seconds, 1),
    )
