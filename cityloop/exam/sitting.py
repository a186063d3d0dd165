"""One sitting of the exam: a city through the real gateway and API in one process, on a moved clock."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from random import Random

import msgspec
from msgspec import Struct

from cityloop.audit.books import AuditReport
from cityloop.audit.collection import audit_run, read_journal_book
from cityloop.errors import ExamError
from cityloop.exam.camera_stand import CAMERA_BOX, CameraStand
from cityloop.exam.citizen_desk import CaseStanding, CitizenDesk, HeardReport
from cityloop.exam.crosscheck import Said, said_of
from cityloop.exam.statements import Episode, episodes_of
from cityloop.exam.track_record import CameraFigures, camera_messages
from cityloop.single_process import SingleProcess
from cityloop.stack.documents import rule_packs, shipped_packs
from cloud_api.queries import revisions_of
from contracts.event import Event
from contracts.ids import new_boot_id
from runtime.outbox import Outbox, Synchronous
from simulators.city.box_fleet import BoxFleet
from simulators.city.citizens import foretold, plan_reports
from simulators.city.city import City
from simulators.city.incident_truth import Incident, TruthBook
from simulators.city.repeating_session import RepeatingSession
from simulators.city.sample_flow import SampleFlow
from simulators.gateway_post import GatewayPost
from simulators.ports import Post

__all__ = ["Sitting", "sit"]

_TICK_S = 60.0
"""Most seconds of the scenario between two steps of gateway and API."""

_SETTLING_STEPS = 50
"""Steps after the end in which what is under way may arrive; far more than it takes."""


class Sitting(Struct, frozen=True, kw_only=True):
    """What one run of a city brought."""

    city: City
    packs: tuple[str, ...]
    """Paths of the rule packs that were in force."""
    until_s: float
    incidents: tuple[Incident, ...]
    episodes: tuple[Episode, ...]
    said: tuple[Said, ...]
    """Every statement that reached the API."""
    samples: int
    """Moments at which a sensor measured."""
    frames: int
    """Frames that the box's cameras gave."""
    cameras: tuple[CameraFigures, ...]
    """How well each drawn camera was followed."""
    reports: tuple[HeardReport, ...]
    """What citizens reported, and which cases that came into."""
    standings: dict[str, CaseStanding]
    """By event id: which case each episode came into; empty where nobody reports."""
    books: AuditReport
    repeated: int
    """Messages that the network said twice."""
    backlog: int
    """Messages that never arrived."""
    digest: str
    """SHA-256 over journal and projections."""
    wall_s: float
    counters: dict[str, int]
    """The gateway's rejections and the rule engine's counters that are not 0."""


def sit(
    city: City,
    folder: Path,
    *,
    packs: Sequence[str] = (),
    until_s: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Sitting:
    """Run a city through gateway and API, and return what came of it.

    Args:
        city: the scenario.
        folder: an empty folder for every store; best on a memory disk.
        packs: paths of rule packs; default the scenario's own, else those that ship.
        until_s: second of the scenario to stop at; default its end.
        progress: is told the second of the scenario after every step.

    Raises:
        ExamError: nothing was measured or nothing reached the journal: no exam took place.
    """
    until_s = city.lasts_s if until_s is None else min(until_s, city.lasts_s)
    begun_s = time.monotonic()
    truth = TruthBook(city)
    heard: list[tuple[Event, datetime]] = []

    def hear(events: Sequence[bytes]) -> None:
        now = stack.clock.now()
        heard.extend((_EVENT.decode(event), now) for event in events)

    in_force = tuple(packs or city.packs or rule_packs(shipped_packs()))
    stand = CameraStand(city, until_s) if city.cameras else None
    stack = SingleProcess(
        folder,
        start=city.start,
        district=city.map.district,
        packs=in_force,
        edge=None if stand is None else stand.edge(city.folder),
        edge_folder=folder,
        sources=None if stand is None else stand.sources,
        detectors=None if stand is None else stand.detectors(),
        seed=city.seed,
        merging=city.citizens is not None,
        heard=hear,
    )
    desk = None
    if city.citizens is not None:
        plan = plan_reports(city, foretold(city, until_s), until_s)
        desk = CitizenDesk(stack.api, stack.clock, plan)
    flow = SampleFlow(city, until_s, truth.add)
    stack.start()
    fleet = BoxFleet(city, flow, _posts(city, folder, stack), version("cityloop"))
    elapsed_s = 0.0
    try:
        while elapsed_s < until_s:
            step_end_s = min(elapsed_s + city.step_s, until_s)
            # a gateway that sees no tick for minutes takes itself for deaf, and blames no sensor
            while elapsed_s + _TICK_S < step_end_s:
                elapsed_s += _TICK_S
                stack.clock.set(city.start + timedelta(seconds=elapsed_s))
                stack.step()
            elapsed_s = step_end_s
            if desk is not None:
                desk.until(elapsed_s)
            stack.clock.set(city.start + timedelta(seconds=elapsed_s))
            _step(fleet, stack, elapsed_s)
            if progress is not None:
                progress(elapsed_s)
        for _ in range(_SETTLING_STEPS):
            if not _backlog(fleet, stack):
                break
            stack.clock.advance(1.0)
            fleet.settle(stack.clock.now())
            stack.step()
            fleet.settle(stack.clock.now())
        return _sitting(
            city, in_force, folder, stack, fleet, flow, truth, stand, desk, heard, until_s, begun_s
        )
    finally:
        if desk is not None:
            desk.close()
        fleet.close()
        stack.close()


_EVENT = msgspec.json.Decoder(Event)


def _step(fleet: BoxFleet, stack: SingleProcess, elapsed_s: float) -> None:
    now = stack.clock.now()
    fleet.step(elapsed_s, now)
    stack.step()
    # acknowledgements of this step, and what a full window held back
    while fleet.backlog and stack.gateway.step(now):
        fleet.settle(now)
    fleet.settle(now)


def _posts(
    city: City, folder: Path, stack: SingleProcess
) -> Callable[[str, int], tuple[Post, RepeatingSession]]:
    rng = Random(city.seed)

    def open_post(box: str, boot: int) -> tuple[Post, RepeatingSession]:
        del boot  # boot ids are drawn in order
        session = RepeatingSession(stack.hub.session(box))
        outbox = Outbox(
            folder / "boxes" / f"{box}.db",
            box=box,
            boot_id=new_boot_id(rng),
            clock=stack.clock,
            # the exam kills no machine: a power cut has tests of its own
            synchronous=Synchronous.NORMAL,
        )
        post = GatewayPost(
            outbox=outbox, session=session, district=city.map.district, site=city.map.site
        )
        return post, session

    return open_post


def _backlog(fleet: BoxFleet, stack: SingleProcess) -> int:
    """Return how many messages have not reached the gateway's journal."""
    return fleet.backlog + (0 if stack.edge is None else stack.edge.uplink.backlog)


def _must_have_run(city: City, samples: int, frames: int, messages: int) -> None:
    """Refuse a run in which nothing was measured, seen or journalled.

    Raises:
        ExamError: no exam took place.
    """
    lacking = [
        what
        for what, wanted, count in (
            ("samples", bool(city.groups), samples),
            ("frames", bool(city.cameras), frames),
            ("journalled messages", True, messages),
        )
        if wanted and not count
    ]
    if lacking:
        raise ExamError(
            f"scenario {city.name}: there were no {' and no '.join(lacking)}; expected some: the "
            "stack under test did not run"
        )


def _figures(city: City, folder: Path, stand: CameraStand | None) -> tuple[CameraFigures, ...]:
    if stand is None:
        return ()
    messages = camera_messages(folder / "gateway" / "journal")
    return tuple(
        record.figures(messages.get(name, ()), city.start) for name, record in stand.records.items()
    )


def _sitting(
    city: City,
    packs: tuple[str, ...],
    folder: Path,
    stack: SingleProcess,
    fleet: BoxFleet,
    flow: SampleFlow,
    truth: TruthBook,
    stand: CameraStand | None,
    desk: CitizenDesk | None,
    heard: list[tuple[Event, datetime]],
    until_s: float,
    begun_s: float,
) -> Sitting:
    book = read_journal_book(folder / "gateway" / "journal", default_district=city.map.district)
    _must_have_run(city, flow.count, 0 if stand is None else stand.frames, len(book.messages))
    with stack.api.services.store.read() as connection:
        revisions = [
            msgspec.json.decode(row.body)
            for event_id in sorted({event.event_id for event, _ in heard})
            for row in revisions_of(connection, event_id)
        ]
    episodes = tuple(episodes_of(heard, city.start))
    reports = () if desk is None else desk.reports()
    standings = {} if desk is None else desk.standings([one.event_id for one in episodes])
    backlog = _backlog(fleet, stack)
    repeated = fleet.repeated
    digest = stack.digest()
    fleet.close()
    stack.stop_edge()
    report = audit_run(
        ledgers=[
            folder / "boxes" / f"{name}.db"
            for name in (*(box.name for box in city.boxes), *([CAMERA_BOX] if stand else []))
        ],
        book=book,
        revisions=revisions,
    )
    return Sitting(
        city=city,
        packs=packs,
        until_s=until_s,
        incidents=(*truth.incidents(), *(() if stand is None else stand.incidents())),
        episodes=episodes,
        said=tuple(said_of((event for event, _ in heard), city.start, until_s)),
        samples=flow.count,
        frames=0 if stand is None else stand.frames,
        cameras=_figures(city, folder, stand),
        reports=reports,
        standings=standings,
        books=report,
        repeated=repeated,
        backlog=backlog,
        digest=digest,
        wall_s=time.monotonic() - begun_s,
        counters={name: count for name, count in stack.gateway.host.unjudged.items() if count},
    )
