"""From the intake log to events and cases: one batch for each step, one projector at a time."""

from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from cloud_api.case_book import CaseBook
from cloud_api.case_classing import note_suggestion
from cloud_api.case_projection import Case
from cloud_api.case_record import (
    SYSTEM,
    Attached,
    EventLink,
    EventRevised,
    EvidenceLink,
    FlowChanged,
    Moved,
    Opened,
    case_id_of,
)
from cloud_api.case_rows import attach_key
from cloud_api.database import Lane, Store
from cloud_api.deadlines.calendar import DAY_US
from cloud_api.deadlines.timekeeper import Timekeeper
from cloud_api.dispatch.advice import Dispatcher
from cloud_api.dispatch.automatic import AutomaticDispatch
from cloud_api.duplicates.finder import DuplicateFinder, sought_of
from cloud_api.event_projection import (
    EventState,
    IntakeRow,
    apply_revision,
    decode_event,
    load_events,
    read_intake,
    write_events,
)
from cloud_api.flow import State
from cloud_api.flow_choice import Flows
from cloud_api.instants import from_us, local_day, to_us
from cloud_api.schema import intake, positions
from cloud_api.system_reasons import told
from contracts.event import Event, EventPhase
from contracts.levels import level_rank

__all__ = ["PROJECTED", "Projector", "projected_seq"]

_ENDED = frozenset({State.CLOSED, State.EVALUATED})

PROJECTED = "projected"
"""Name of the row of ``positions`` that says how far the intake log is projected."""


def projected_seq(connection: Connection) -> int:
    """Return the last entry of the intake log that has been projected; 0 before the first."""
    query = select(positions.c.seq).where(positions.c.name == PROJECTED)
    return connection.scalar(query) or 0


class Projector:
    """Turns stored revisions into events and cases.

    The first revision that arrives of an event opens a case, or joins the youngest open case of
    the same district, event type and dedupe key. Later ones change the case only where the highest
    revision changed its level or phase, or brought new evidence.
    """

    def __init__(
        self,
        store: Store,
        flows: Flows,
        keeper: Timekeeper,
        dispatcher: Dispatcher,
        *,
        automatic: AutomaticDispatch | None,
        merging: DuplicateFinder | None,
        batch: int,
        utc_offset_minutes: int,
    ) -> None:
        self._store = store
        self._flows = flows
        self._keeper = keeper
        self._dispatcher = dispatcher
        self._automatic = automatic
        self._merging = merging
        self._batch = batch
        self._utc_offset_minutes = utc_offset_minutes

    def step(self, now: datetime, batch: int | None = None) -> int:
        """Project up to one batch of the intake log; return how many entries it was.

        ``batch`` is how many at most; None for as many as are configured.

        Whoever holds the lane CASES projects; another process waits, then finds the work done.

        Raises:
            StoreUnavailable: the database does not answer; nothing of the batch was kept.
        """
        with self._store.read() as connection:
            if not read_intake(connection, projected_seq(connection), 1):
                return 0
        with self._store.write(Lane.CASES) as connection:
            position = projected_seq(connection)
            rows = read_intake(connection, position, self._batch if batch is None else batch)
            if rows:
                self._project(connection, rows, to_us(now))
                self._advance(connection, position, rows[-1].seq)
        return len(rows)

    def tidy(self) -> None:
        """Do for the store what would otherwise fall to a post; see :meth:`Store.checkpoint`.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        self._store.checkpoint()

    def lag(self) -> int:
        """Return how many stored revisions are not projected yet."""
        with self._store.read() as connection:
            last: int = connection.scalar(select(func.max(intake.c.seq))) or 0
            return last - projected_seq(connection)

    @staticmethod
    def _advance(connection: Connection, position: int, seq: int) -> None:
        if position == 0:
            connection.execute(insert(positions).values(name=PROJECTED, seq=seq))
        else:
            connection.execute(
                update(positions).where(positions.c.name == PROJECTED).values(seq=seq)
            )

    def _project(self, connection: Connection, rows: list[IntakeRow], now_us: int) -> None:
        decoded = [(row, decode_event(row.body)) for row in rows]
        known = load_events(connection, (row.event_id for row in rows))
        stored = set(known)
        book = CaseBook(connection, self._flows, self._keeper)
        book.load(state.case_id for state in known.values())
        keys = [
            attach_key(event.district, event.event_type, event.dedupe)
            for row, event in decoded
            if row.event_id not in stored
        ]
        shared = [key for key in keys if key is not None]
        book.load_attachable(shared)
        longest = max(flow.spec.recurrence_days for flow in self._flows.all())
        book.load_ended(shared, now_us - longest * DAY_US)
        touched: dict[str, EventState] = {}
        for row, event in decoded:
            before = known.get(row.event_id)
            after = apply_revision(before, row, event)
            if before is None:
                case = self._enter(book, event, now_us)
                after = after._replace(case_id=case.case_id)
            else:
                self._follow(book, before, event, now_us)
            known[row.event_id] = after
            touched[row.event_id] = after
        book.flush()
        if self._merging is not None:
            opened = {s.case_id for e, s in touched.items() if e not in stored}
            self._merge(connection, self._merging, book, sorted(opened), now_us)
        write_events(
            connection,
            [state for event_id, state in touched.items() if event_id not in stored],
            [state for event_id, state in touched.items() if event_id in stored],
        )

    def _enter(self, book: CaseBook, event: Event, now_us: int) -> Case:
        """Open a case from an event's first revision, or join the one that is open."""
        key = attach_key(event.district, event.event_type, event.dedupe)
        case = book.attachable(key)
        link, evidence = _link(event), _evidence(event, now_us)
        if case is not None:
            return book.append(
                case.case_id,
                Attached(event=link, evidence=evidence),
                now_us=now_us,
                actor=SYSTEM,
                reason=told("same_key", key=repr(event.dedupe)),
            )
        day = local_day(now_us, self._utc_offset_minutes)
        day_number = book.next_number(event.district, day)
        flow = self._flows.choose(event.event_type, event.level)
        opening = flow.opening
        ended = book.ended(key)
        now = from_us(now_us)
        classified = self._dispatcher.class_of(event.event_type, now)
        cell = self._dispatcher.cell_of(event.place)
        cause = {
            "rule": event.rule,
            "version": event.rule_version,
            "expression": event.cause.expression,
        }
        opened = book.append(
            case_id_of(event.event_id),
            Opened(
                number=f"{event.district}-{day}-{day_number:04d}",
                day=day,
                day_number=day_number,
                district=event.district,
                event_type=event.event_type,
                dedupe=event.dedupe,
                title=event.title,
                subject=event.subject,
                place=event.place,
                discovery=event.discovery,
                preplan=event.preplan,
                flow=flow.name,
                state=opening.state,
                event=link,
                evidence=evidence,
                recurrence_of=None if ended is None or ended.state not in _ENDED else ended.case_id,
                class_code=None if classified is None else classified[0].code,
                grid=None if cell is None else cell.code,
            ),
            now_us=now_us,
            actor=SYSTEM,
            reason=told("rule", **cause),
        )
        opened = note_suggestion(book, self._keeper, opened, event, now_us)
        if event.discovery not in opening.filed_at_once:
            return opened
        filed = book.append(
            opened.case_id,
            Moved(from_state=opening.state, to_state=State.FILED),
            now_us=now_us,
            actor=SYSTEM,
            reason=told("filed_at_once", discovery=event.discovery, **cause),
        )
        if self._automatic is None:
            return filed
        return self._automatic.start(book, filed, flow, now)

    def _follow(self, book: CaseBook, before: EventState, event: Event, now_us: int) -> None:
        """Let a case follow a further revision of one of its events."""
        case = book.get(before.case_id)
        known = {link.sha256 for link in case.evidence}
        evidence = tuple(link for link in _evidence(event, now_us) if link.sha256 not in known)
        newest = event.rev > before.rev
        if newest:
            link = _link(event)
        else:
            link = next(link for link in case.events if link.event_id == event.event_id)
        changed = newest and (event.level.value, event.phase is EventPhase.END) != (
            before.level,
            before.phase == EventPhase.END,
        )
        if changed or evidence:
            after = book.append(
                case.case_id,
                EventRevised(event=link, evidence=evidence),
                now_us=now_us,
                actor=SYSTEM,
                reason=told("revision", rev=event.rev, level=event.level, phase=event.phase),
            )
            if level_rank(after.level) > level_rank(case.level):
                self._change_flow(book, after, now_us)

    def _merge(
        self,
        connection: Connection,
        finder: DuplicateFinder,
        book: CaseBook,
        opened: list[str],
        now_us: int,
    ) -> None:
        """Merge new cases into those that they are duplicates of; people may take them out again."""
        new = sorted((book.get(case_id) for case_id in opened), key=lambda case: case.opened_seq)
        wanted = [sought for case in new if (sought := sought_of(case)) is not None]
        around = finder.around(connection, wanted)
        for sought in wanted:
            case = book.get(str(sought.case_id))
            legal = self._flows.of(case.flow).legal_moves(case.state, case.previous)
            if case.merged_into is not None or State.MERGED not in {move.to for move in legal}:
                continue
            # of two that come in one batch the later joins the earlier, which may be the less alike
            parent, alike = next(
                (
                    twin
                    for twin in finder.among(around, sought)
                    if twin.likeness.odds > 0 and twin.case.opened_seq < case.opened_seq
                ),
                (None, None),
            )
            if parent is None or alike is None:
                continue
            merged = book.append(
                case.case_id,
                Moved(
                    from_state=case.state,
                    to_state=State.MERGED,
                    into_case=parent.case_id,
                ),
                now_us=now_us,
                actor=SYSTEM,
                reason=told(
                    "duplicate_picture" if alike.same_picture else "duplicate",
                    number=parent.number,
                    metres=f"{alike.distance_m:.0f}",
                    hours=f"{alike.hours:.1f}",
                    odds=f"{alike.odds:.1f}",
                ),
            )
            around.put(merged)  # the next one finds it merged
        book.flush()

    def _change_flow(self, book: CaseBook, case: Case, now_us: int) -> None:
        """Let a case whose level rose follow the flow of that level, where it knows the case's states."""
        flow = self._flows.choose(case.event_type, case.level)
        if flow.name == case.flow or not flow.knows(case.state, case.previous):
            return
        book.append(
            case.case_id,
            FlowChanged(flow=flow.name),
            now_us=now_us,
            actor=SYSTEM,
            reason=told("level_rose", level=case.level),
        )


def _link(event: Event) -> EventLink:
    return EventLink(event_id=event.event_id, rev=event.rev, level=event.level, phase=event.phase)


def _evidence(event: Event, now_us: int) -> tuple[EvidenceLink, ...]:
    return tuple(
        EvidenceLink(
            sha256=item.sha256,
            media_type=item.media_type,
            at_us=now_us,
            event_id=event.event_id,
        )
        for item in event.evidence
    )
