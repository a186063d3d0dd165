"""Case flows as data: which states exist, what people call them, and which moves are legal."""

from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from cloud_api.errors import FlowError
from contracts.envelope import Discovery
from runtime.yaml_document import convert, load_document

__all__ = [
    "Flow",
    "FlowSpec",
    "Move",
    "MoveSpec",
    "Need",
    "Opening",
    "State",
    "StateSpec",
    "StepSpec",
    "compile_flow",
    "load_flow",
]

PREVIOUS = "previous"
"""As a move's target: the state from which the case was suspended or merged."""


class State(StrEnum):
    """Where a case stands. Source: architecture §5."""

    COLLECTED = "collected"
    """已采集."""
    FILED = "filed"
    """已立案."""
    DISPATCHED = "dispatched"
    """已分派."""
    HANDLING = "handling"
    """处理中."""
    FED_BACK = "fed_back"
    """已反馈."""
    VERIFIED = "verified"
    """已核查."""
    CLOSED = "closed"
    """已结案."""
    EVALUATED = "evaluated"
    """已评价."""
    BOUNCED = "bounced"
    """退回: must name the department that should handle it."""
    SUSPENDED = "suspended"
    """挂账: the clock is paused, somebody approved it."""
    VOID = "void"
    """作废."""
    MERGED = "merged"
    """并案: reversible."""
    REOPENED = "reopened"
    """重开."""


class Need(StrEnum):
    """What a move demands beside being legal."""

    REASON = "reason"
    DEPARTMENT = "department"
    APPROVAL = "approval"
    PROOF = "proof"
    TARGET = "target"
    SCORE = "score"


class StepSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the steps that people count, in order."""

    id: str
    zh: str
    en: str


class StateSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A state: the step it belongs to, its names, whether work remains, whether events join it."""

    step: str
    zh: str
    en: str
    open: bool
    attach: bool


class MoveSpec(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """A move as written in the file; ``to`` is a state or ``previous``."""

    from_: tuple[State, ...]
    to: str
    zh: str
    en: str
    needs: tuple[Need, ...] = ()


class Opening(Struct, frozen=True, forbid_unknown_fields=True):
    """How a case begins; discoveries in ``filed_at_once`` need no first check by a person."""

    state: State
    filed_at_once: tuple[Discovery, ...] = ()


class FlowSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A flow file."""

    flow: str
    zh: str
    en: str
    steps: tuple[StepSpec, ...]
    opening: Opening
    states: dict[State, StateSpec]
    moves: tuple[MoveSpec, ...]


class Move(Struct, frozen=True):
    """A legal move out of one case's present state."""

    to: State
    zh: str
    en: str
    needs: tuple[Need, ...]


class Flow:
    """A flow that has been checked: names and legal moves."""

    def __init__(self, spec: FlowSpec) -> None:
        self.spec = spec
        self._steps = {step.id: step for step in spec.steps}

    @property
    def name(self) -> str:
        """The flow's id, written into every case that follows it."""
        return self.spec.flow

    @property
    def opening(self) -> Opening:
        """How a case begins."""
        return self.spec.opening

    def state(self, state: State) -> StateSpec:
        """Return what the flow says about a state."""
        return self.spec.states[state]

    def step(self, state: State) -> StepSpec:
        """Return the step that a state belongs to."""
        return self._steps[self.spec.states[state].step]

    def legal_moves(self, state: State, previous: State | None) -> tuple[Move, ...]:
        """Return the moves out of ``state``, in the file's order.

        Args:
            state: where the case stands.
            previous: where it stood before it was suspended or merged; None otherwise.
        """
        moves = []
        for move in self.spec.moves:
            if state not in move.from_:
                continue
            target = previous if move.to == PREVIOUS else State(move.to)
            if target is not None:
                moves.append(Move(target, move.zh, move.en, move.needs))
        return tuple(moves)


def compile_flow(spec: FlowSpec, name: str) -> Flow:
    """Return the flow in ``spec``.

    Raises:
        FlowError: a move names a state that the flow lacks, a state names a step that it lacks, two
            moves lead the same way, or a state cannot be reached.
    """
    steps = {step.id for step in spec.steps}
    for state, described in spec.states.items():
        if described.step not in steps:
            raise FlowError(
                f"{name}: state {state}: step {described.step!r}; expected one of "
                f"{', '.join(sorted(steps))}"
            )
    seen: set[tuple[State, str]] = set()
    reached = {spec.opening.state, State.FILED}
    for move in spec.moves:
        named = {str(state) for state in move.from_} | ({move.to} - {PREVIOUS})
        unknown = named - set(spec.states)
        if unknown:
            raise FlowError(
                f"{name}: move to {move.to}: state {min(unknown)!r} is not described; expected "
                f"one of {', '.join(spec.states)}"
            )
        for origin in move.from_:
            if (origin, move.to) in seen:
                raise FlowError(f"{name}: two moves from {origin} to {move.to}; remove one")
            seen.add((origin, move.to))
        if move.to != PREVIOUS:
            reached.add(State(move.to))
    lost = [state for state in spec.states if state not in reached]
    if lost:
        raise FlowError(f"{name}: no move leads to state {lost[0]!r}; add one or remove the state")
    return Flow(spec)


def load_flow(name: str = "general") -> Flow:
    """Return the flow ``cloud_api/flows/{name}.yaml``.

    Raises:
        FlowError: there is no such flow, or it contradicts itself.
        ConfigError: the file is no valid flow document; the message has line and column.
    """
    folder = Path(__file__).parent / "flows"
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise FlowError(f"flow {name!r} does not exist; expected one of {known}")
    return compile_flow(convert(load_document(path), FlowSpec), path.name)
