"""The same scenario with real processes: hub, gateway and API on a scaled clock, boxes over real MQTT.

Cameras are left out: their detector knows the truth of the frame it looks at, which no other process does.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from random import Random

import msgspec
from msgspec.structs import replace

from cityloop.audit.books import AuditReport
from cityloop.audit.collection import audit_run, read_journal_book
from cityloop.errors import ExamError
from cityloop.stack.api_client import all_revisions
from cityloop.stack.documents import rule_packs, session_document, shipped_packs
from cityloop.stack.plan import ClockPlan, StackPlan, plan_stack
from cityloop.stack.stack import Stack
from contracts.event import Event
from contracts.ids import new_boot_id
from runtime.clock import ClockConfig, build_clock
from runtime.mqtt_session import MqttConfig, MqttSession
from runtime.outbox import Outbox
from simulators.city.box_fleet import BoxFleet
from simulators.city.city import City
from simulators.city.repeating_session import RepeatingSession
from simulators.city.sample_flow import SampleFlow
from simulators.gateway_post import GatewayPost
from simulators.ports import Post

__all__ = ["sit_in_processes"]

_STARTING_S = (25.0, 100.0)
"""Real seconds that the stack may take to start before the scenario's second 0: at first, and on a busy
machine that was too slow for it."""

_TURN_S = 0.02
"""Longest real time between two looks at the clock."""

_SETTLE_S = 60.0
"""Real seconds in which everything that is under way must have arrived."""


def sit_in_processes(
    city: City,
    folder: Path,
    *,
    speed: float,
    packs: Sequence[str] = (),
    until_s: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[list[Event], AuditReport]:
    """Return every statement that reached the API, and the books.

    Args:
        city: the scenario; its cameras are left out.
        folder: an empty folder for every store.
        speed: seconds of the scenario in a real second.
        packs: paths of rule packs; default the scenario's own, else those that ship.
        until_s: second of the scenario to stop at; default its end.
        progress: is told the second of the scenario after every step.

    Raises:
        StackError: a part did not start, or ended.
        ExamError: the scenario has no sensors, or the stack took too long to start.
    """
    if not city.boxes:
        raise ExamError(
            f"scenario {city.name} has no sensors; expected some: drawn cameras run in virtual time only"
        )
    until_s = city.lasts_s if until_s is None else min(until_s, city.lasts_s)
    for attempt, starting_s in enumerate(_STARTING_S):
        origin = datetime.now(UTC) + timedelta(seconds=starting_s)
        plan = replace(
            plan_stack(folder / f"attempt-{attempt}", scale=speed),
            district=city.map.district,
            site=city.map.site,
            storm_boxes=(),
            other_boxes=tuple(box.name for box in city.boxes),
            clock=ClockPlan(epoch=city.start, origin=origin, scale=speed),
        )
        stack = Stack(plan, list(packs or city.packs or rule_packs(shipped_packs())))
        try:
            stack.prepare()
            stack.start()
            if datetime.now(UTC) < origin:
                _play(city, plan, stack, until_s, progress)
                return _settled(city, plan, stack, until_s)
        finally:
            stack.stop()
    raise ExamError(
        f"scenario {city.name}: the stack took longer than {_STARTING_S[-1]:.0f} s to start; try "
        "again on a machine that has less to do"
    )


def _play(
    city: City,
    plan: StackPlan,
    stack: Stack,
    until_s: float,
    progress: Callable[[float], None] | None,
) -> None:
    """Let the boxes speak, in the same steps as in virtual time, until everything is journalled."""
    assert plan.clock is not None
    clock = build_clock(
        ClockConfig(epoch=plan.clock.epoch, origin=plan.clock.origin, scale=plan.clock.scale)
    )
    rng = Random(city.seed)

    def open_post(box: str, boot: int) -> tuple[Post, RepeatingSession]:
        del boot  # boot ids are drawn in order
        config = msgspec.convert(session_document(plan, box), MqttConfig)
        session = RepeatingSession(MqttSession(config))
        outbox = Outbox(plan.outbox(box), box=box, boot_id=new_boot_id(rng), clock=clock)
        post = GatewayPost(outbox=outbox, session=session, district=plan.district, site=plan.site)
        return post, session

    fleet = BoxFleet(city, SampleFlow(city, until_s), open_post, version("cityloop"))
    elapsed_s = 0.0
    try:
        while elapsed_s < until_s:
            elapsed_s = min(elapsed_s + city.step_s, until_s)
            due = city.start + timedelta(seconds=elapsed_s)
            while clock.now() < due:
                fleet.settle(clock.now())
                time.sleep(_TURN_S)
            fleet.step(elapsed_s, clock.now())
            stack.check_essential()
            if progress is not None:
                progress(elapsed_s)
        given_up_s = time.monotonic() + _SETTLE_S
        while fleet.backlog and time.monotonic() < given_up_s:
            fleet.settle(clock.now())
            time.sleep(_TURN_S)
    finally:
        fleet.close()


def _settled(
    city: City, plan: StackPlan, stack: Stack, until_s: float
) -> tuple[list[Event], AuditReport]:
    """Count until nothing of the scenario is under way any more, or the time is up."""
    given_up_s = time.monotonic() + _SETTLE_S
    ends = city.start + timedelta(seconds=until_s)
    while True:
        book = read_journal_book(plan.journal, default_district=plan.district)
        # the clock goes on while we count: what is said about later moments is nobody's concern
        book = type(book)(
            book.messages,
            [event for event in book.events if event.at <= ends],
            book.readings,
            book.observations,
        )
        with closing(stack.client()) as client:
            found = [msgspec.convert(one, Event) for one in all_revisions(client)]
        found = [event for event in found if event.at <= ends]
        report = audit_run(
            ledgers=[plan.outbox(box.name) for box in city.boxes],
            book=book,
            revisions=[msgspec.to_builtins(event) for event in found],
        )
        if not report.lost or time.monotonic() > given_up_s:
            return found, report
        time.sleep(0.5)
