"""The general flow as a state machine: whatever people try, the log and the table agree."""

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
    Record,
    decode_record,
    encode_record,
)
from cloud_api.flow import Flow, Need, State, load_flow
from cloud_api.guards import Facts, MoveRequest, missing, proof_of
from contracts.envelope import Discovery
from contracts.event import EventPhase, Title
from contracts.levels import Level

FLOW = load_flow("general")
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


def _facts(case: Case, request: MoveRequest) -> Facts:
    other = apply_record(None, _opening("other", "e9"), 1)
    return Facts(
        actor="ann",
        media_types={sha: PICTURES[sha] for sha in request.evidence if sha in PICTURES},
        departments=DEPARTMENTS,
        target={"self": case, "other": other}.get(request.into_case or ""),
        flow=FLOW,
    )


def _opening(case_id: str, event: str) -> Record:
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
        flow="general",
        state=FLOW.opening.state,
        event=link,
        evidence=(BROUGHT,),
    )
    return Record(case_id=case_id, version=1, at_us=0, actor="system", reason="r", detail=detail)


class CaseLife(RuleBasedStateMachine):
    """One case, pushed about by people and by its events."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Record] = []
        self.case: Case
        self.flow: Flow = FLOW

    @initialize()
    def open(self) -> None:
        """A first event opens the case."""
        self.log = [_opening("c", "e0")]
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
        facts = _facts(before, request)
        if request.to not in legal or missing(before, request, legal[request.to].needs, facts):
            return
        needs = legal[request.to].needs
        assert request.reason.strip()
        if request.to is State.VERIFIED:
            ended = all(link.phase is EventPhase.END for link in before.events)
            taken = {"b" * 64} & set(request.evidence)
            assert ended or taken
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
        """Whatever is closed was verified, with proof, since it was last reopened."""
        proven = False
        for record in self.log:
            if isinstance(record.detail, Moved):
                if record.detail.to_state is State.VERIFIED:
                    proven = record.detail.proof is not None
                elif record.detail.to_state in {State.REOPENED, State.HANDLING}:
                    proven = False
        if self.case.state in {State.VERIFIED, State.CLOSED, State.EVALUATED}:
            assert proven


TestCaseLife = CaseLife.TestCase
TestCaseLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
