"""Case flows as data: which states exist, what people call them, and which moves are legal."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Discovery

__all__ = [
    "By",
    "Flow",
    "FlowSpec",
    "Move",
    "MoveSpec",
    "Need",
    "Opening",
    "State",
    "StateSpec",
    "StepSpec",
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
    SUBTASKS = "subtasks"
    """Every sub-task of joint handling is finished."""
    WINDOW = "window"
    """The case ended within the flow's ``recurrence_days``."""


class By(StrEnum):
    """Who makes a move."""

    PEOPLE = "people"
    SYSTEM = "system"
    """Only what follows from another case: a parent that closes takes its children along."""


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
    """A move as written in the file; ``to`` is a state or ``previous``.

    ``hand_off`` marks moves after which somebody else has to act: the flow promises how many there are.
    """

    from_: tuple[State, ...]
    to: str
    zh: str
    en: str
    needs: tuple[Need, ...] = ()
    by: By = By.PEOPLE
    hand_off: bool = False


class Opening(Struct, frozen=True, forbid_unknown_fields=True):
    """How a case begins; discoveries in ``filed_at_once`` need no first check by a person."""

    state: State
    filed_at_once: tuple[Discovery, ...] = ()


class FlowSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A flow file.

    ``hand_offs`` is the least number of hand-offs from opening to closing; ``recurrence_days``
    is for how many natural days after its end a case may be reopened as a recurrence 重开.
    """

    flow: str
    zh: str
    en: str
    hand_offs: Annotated[int, Meta(ge=1)]
    recurrence_days: Annotated[int, Meta(ge=1)]
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
        """Return the moves that people may make out of ``state``, in the file's order.

        Args:
            state: where the case stands.
            previous: where it stood before it was suspended or merged; None otherwise.
        """
        return self._moves(state, previous, By.PEOPLE)

    def follows(self, state: State, to: State) -> bool:
        """Return whether a case in ``state`` goes to ``to`` along with its parent."""
        return any(move.to is to for move in self._moves(state, None, By.SYSTEM))

    def knows(self, *states: State | None) -> bool:
        """Return whether the flow describes every one of the states; None is none."""
        return all(state is None or state in self.spec.states for state in states)

    def _moves(self, state: State, previous: State | None, by: By) -> tuple[Move, ...]:
        moves = []
        for move in self.spec.moves:
            if state not in move.from_ or move.by is not by:
                continue
            target = previous if move.to == PREVIOUS else State(move.to)
            if target is not None:
                moves.append(Move(target, move.zh, move.en, move.needs))
        return tuple(moves)
