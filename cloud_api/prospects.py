"""What may happen to a case now, for the one who looks: moves with what stands in their way, and other acts."""

from typing import NamedTuple

from cloud_api.case_projection import Case
from cloud_api.flow import Flow, Move, Need, State
from cloud_api.guards import Facts, MoveRequest, missing, proof_of

__all__ = ["Prospect", "acts_of", "prospects_of"]

_OF_THE_CASE = (Need.SUBTASKS, Need.WINDOW)
"""Needs that nothing in a request can give."""

_AFTER_ITS_END = frozenset({State.CLOSED, State.EVALUATED})


class Prospect(NamedTuple):
    """A legal move; ``met`` are needs that the case itself meets already, ``blocked`` what is in the way."""

    move: Move
    met: tuple[Need, ...]
    blocked: tuple[str, ...]


def prospects_of(
    case: Case, flow: Flow, merged: tuple[Case, ...], *, actor: str, at_us: int
) -> list[Prospect]:
    """Return the legal moves of a case.

    Args:
        case: the case.
        flow: the flow that it follows.
        merged: cases that were merged into it, at any depth.
        actor: who would move it.
        at_us: the moment, microseconds since 1970 UTC.
    """
    facts = Facts(
        actor=actor,
        media_types={},
        departments=frozenset(),
        target=None,
        flow=flow,
        merged=merged,
        at_us=at_us,
    )
    found = []
    for move in flow.legal_moves(case.state, case.previous):
        request = MoveRequest(to=move.to)
        needs = tuple(need for need in _OF_THE_CASE if need in move.needs)
        lacking = missing(case, request, needs, facts)
        met = [need for need in needs if all(each["need"] != need for each in lacking)]
        if Need.PROOF in move.needs and proof_of(case, request, facts) is not None:
            met.append(Need.PROOF)
        blocked = tuple(each["detail"] for each in lacking)
        found.append(Prospect(move, tuple(met), blocked))
    return found


def acts_of(case: Case, flow: Flow) -> list[str]:
    """Return what else may be done to a case as it stands, by the last part of the routes' paths."""
    acts = ["comment"]
    if flow.state(case.state).open:
        acts += ["assign", "subtasks", "recheck", "classify"]
        if case.acknowledged_at_us is None:
            acts.append("acknowledge")
        if any(clock.done_at_us is None for clock in case.clocks):
            acts.append("extend")
    if case.state in _AFTER_ITS_END:
        acts.append("visit")
    return acts
