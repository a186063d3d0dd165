"""Every flow as a state machine: whatever people try, the log and the table agree."""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cloud_api.case_projection import Case, apply_record, case_level
from cloud_api.case_record import (
    Attached,
    Commented,
    Detail,
    EventLink,
    EventRevised,
    EvidenceLink,
    Moved,
    Opened,
    Rechecked,
    Record,
    SubtaskAdded,
    SubtaskFinished,
    decode_record,
    encode_record,
)
from cloud_api.flow import Flow, Need, State
from cloud_api.flow_files import load_flow
from cloud_api.guards import Facts, MoveRequest, missing, proof_of
from contracts.envelope import Discovery
from contracts.event import EventPhase, Title
from contracts.levels import Level

DEPARTMENTS = frozenset({"water", "fire"})
PICTURES = {"a" * 64: "image/jpeg", "b" * 64: "image/png", "c" * 64: "video/mp4"}
BROUGHT = EvidenceLink(sha256="a" * 64, media_type="image/jpeg", at_us=0, event_id="e0")

requests = st.builds(
    MoveRequest,
    to=st.sampled_from(State),
    reason=st.sampled_from(["", " ", "because"]),
    evidence=st.lists(st.sampled_from([*PICTURES, "d" * 64]), max_size=2).map(tuple),
    to_department=st.sampled_from([None, "water", "fire", "nobody"]),
    approved_by=st.sampled_from([None, "", "ann", "chief"]),
    into_case=st.sampled_from([None, "self", "other"]),
    score=st.sampled_from([None, 0, 1, 5, 6]),
)


def _facts(case: Case, request: MoveRequest, flow: Flow) -> Facts:
    other = apply_record(None, _opening("other", "e9", flow), 1)
    return Facts(
        actor="ann",
        media_types={sha: PICTURES[sha] for sha in request.evidence if sha in PICTURES},
        departments=DEPARTMENTS,
        target={"self": case, "other": other}.get(request.into_case or ""),
        flow=flow,
        at_us=case.changed_at_us,
    )


def _opening(case_id: str, event: str, flow: Flow) -> Record:
    link = EventLink(event_id=event, rev=0, level=Level.YELLOW, phase=EventPhase.OPEN)
    detail = Opened(
        number=f"n-{case_id}",
        day="20260601",
        day_number=1,
        district="futian",
        event_type="water.ponding",
        dedupe=None,
        title=Title(zh="", en=""),
        subject=None,
        place=None,
        discovery=Discovery.AUTOMATIC,
        preplan=None,
        flow=flow.name,
        state=flow.opening.state,
        event=link,
        evidence=(BROUGHT,),
    )
    return Record(case_id=case_id, version=1, at_us=0, actor="system", reason="r", detail=detail)


class CaseLife(RuleBasedStateMachine):
    """One case, pushed about by people and by its events."""

    flow: Flow

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Record] = []
        self.case: Case

    @initialize()
    def open(self) -> None:
        """A first event opens the case."""
        self.log = [_opening("c", "e0", self.flow)]
        self.case = apply_record(None, self.log[0], 1)

    def _append(self, detail: Detail, reason: str = "r") -> None:
        record = Record(
            case_id="c",
            version=self.case.version + 1,
            at_us=self.case.version,
            actor="ann",
            reason=reason,
            detail=detail,
        )
        self.log.append(record)
        self.case = apply_record(self.case, record, len(self.log))

    @rule(request=requests)
    def move(self, request: MoveRequest) -> None:
        """Somebody asks for any move; only legal and complete ones happen."""
        before = self.case
        legal = {move.to: move for move in self.flow.legal_moves(before.state, before.previous)}
        facts = _facts(before, request, self.flow)
        if request.to not in legal or missing(before, request, legal[request.to].needs, facts):
            return
        needs = legal[request.to].needs
        assert request.reason.strip()
        if Need.PROOF in needs:
            ended = all(link.phase is EventPhase.END for link in before.events)
            taken = {"b" * 64} & set(request.evidence)
            assert ended or taken or before.recheck is not None
        if Need.SUBTASKS in needs:
            assert all(task.finished_at_us is not None for task in before.subtasks)
        if request.to is State.BOUNCED:
            assert request.to_department != before.department
        moved = Moved(
            from_state=before.state,
            to_state=request.to,
            proof=proof_of(before, request, facts) if Need.PROOF in needs else None,
            department=request.to_department,
            into_case="other" if request.to is State.MERGED else None,
        )
        self._append(moved, request.reason)
        assert self.case.state is request.to
        if before.state in {State.SUSPENDED, State.MERGED}:
            assert self.case.state is before.previous

    @rule(level=st.sampled_from(Level), phase=st.sampled_from(EventPhase), which=st.integers(0, 3))
    def revise(self, level: Level, phase: EventPhase, which: int) -> None:
        """One of the case's events changes."""
        known = self.case.events[which % len(self.case.events)]
        link = EventLink(event_id=known.event_id, rev=known.rev + 1, level=level, phase=phase)
        self._append(EventRevised(event=link))

    @rule(level=st.sampled_from(Level))
    def attach(self, level: Level) -> None:
        """Another event joins, where the state lets it."""
        if self.flow.state(self.case.state).attach and len(self.case.events) < 5:
            name = f"e{len(self.case.events)}"
            link = EventLink(event_id=name, rev=0, level=level, phase=EventPhase.OPEN)
            self._append(Attached(event=link))

    @rule()
    def comment(self) -> None:
        """Somebody remarks something."""
        before = self.case.state
        self._append(Commented())
        assert self.case.state is before

    @rule()
    def hand_out_a_part(self) -> None:
        """Somebody gives a part of the work away."""
        if len(self.case.subtasks) < 3:
            name = f"t{len(self.case.subtasks) + 1}"
            self._append(SubtaskAdded(subtask_id=name, department="fire", what="pump"))

    @rule(which=st.integers(0, 2), dropped=st.booleans())
    def finish_a_part(self, which: int, *, dropped: bool) -> None:
        """A part of the work is done."""
        if which < len(self.case.subtasks):
            name = self.case.subtasks[which].subtask_id
            self._append(SubtaskFinished(subtask_id=name, dropped=dropped))
            assert self.case.subtasks[which].finished_at_us is not None

    @rule(clear=st.booleans(), confidence=st.sampled_from([0.5, 0.9]))
    def recheck(self, confidence: float, *, clear: bool) -> None:
        """A model looks at the place."""
        seen = Rechecked(after="b" * 64, before=None, model="m", clear=clear, confidence=confidence)
        self._append(seen)

    @invariant()
    def level_follows_open_events(self) -> None:
        """The level is the highest among open events."""
        assert self.case.level is case_level(self.case.events, self.case.level)

    @invariant()
    def the_log_tells_everything(self) -> None:
        """Folding the stored log gives the very case."""
        again: Case | None = None
        for seq, record in enumerate(self.log, 1):
            again = apply_record(again, decode_record(encode_record(record)), seq)
        assert again == self.case

    @invariant()
    def nothing_closes_silently(self) -> None:
        """Whatever is closed was proven, since work on it last began."""
        proven = False
        for record in self.log:
            if isinstance(record.detail, Moved):
                if record.detail.proof is not None:
                    proven = True
                elif record.detail.to_state in {State.REOPENED, State.HANDLING}:
                    proven = False
        if self.case.state in {State.VERIFIED, State.CLOSED, State.EVALUATED}:
            assert proven

    @invariant()
    def the_first_receiver_stays(self) -> None:
        """Who received the case first 首接 is remembered, whoever has it now."""
        named = [
            record.detail.department
            for record in self.log
            if isinstance(record.detail, Moved) and record.detail.department
        ]
        assert self.case.first_department == (named[0] if named else None)


class GeneralLife(CaseLife):
    """The general flow 一般流程."""

    flow = load_flow("general")


class UrgentLife(CaseLife):
    """The urgent flow 紧急流程."""

    flow = load_flow("urgent")


class EmergencyLife(CaseLife):
    """The emergency flow 应急流程."""

    flow = load_flow("emergency")


class SimpleLife(CaseLife):
    """The simple flow 简易流程."""

    flow = load_flow("simple")


BOUNDS = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestGeneralLife = GeneralLife.TestCase
TestGeneralLife.settings = BOUNDS
TestUrgentLife = UrgentLife.TestCase
TestUrgentLife.settings = BOUNDS
TestEmergencyLife = EmergencyLife.TestCase
TestEmergencyLife.settings = BOUNDS
TestSimpleLife = SimpleLife.TestCase
TestSimpleLife.settings = BOUNDS
