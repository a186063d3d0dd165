"""What a reporter is shown of his matter: where it stands, and how it ended; no more than that."""

from typing import NamedTuple

from sqlalchemy import Connection, select

from cloud_api.case_opening import find_case
from cloud_api.case_projection import Case
from cloud_api.case_record import SYSTEM, Moved, decode_record
from cloud_api.flow import State
from cloud_api.flow_choice import Flows
from cloud_api.notices.plan import Language
from cloud_api.schema import case_log, events
from cloud_api.system_reasons import read_reason

__all__ = ["Outcome", "Passage", "case_of_order", "outcome_of"]

_SHOWN = frozenset(
    {
        State.FILED,
        State.DISPATCHED,
        State.HANDLING,
        State.FED_BACK,
        State.SUSPENDED,
        State.MERGED,
        State.CLOSED,
        State.VOID,
        State.REOPENED,
    }
)
_TOLD = frozenset({State.CLOSED, State.VOID})
"""Ends whose reason is the reporter's answer."""

_DEPTH = 20


class Passage(NamedTuple):
    """One step of a matter; ``reason`` is empty but for an end, and ``by_system`` if nobody wrote it."""

    state: State
    at_us: int
    reason: str
    by_system: bool = False


class Outcome(NamedTuple):
    """How a report stands.

    ``case`` is the report's own; ``leading`` the one into which that was merged, else the same;
    ``open`` whether the leading one is still worked on.
    """

    case: Case
    leading: Case
    open: bool
    passages: list[Passage]

    @property
    def ended(self) -> bool:
        """Whether a reporter may say if he is satisfied."""
        return self.leading.state in {State.CLOSED, State.EVALUATED}

    def answer(self, language: Language) -> str:
        """Return why it ended; empty while it has not.

        What a person wrote is told as he wrote it, what the system did by itself in the language asked for.
        """
        ends = [each for each in self.passages if each.state in _TOLD]
        if self.open or not ends:
            return ""
        read = read_reason(ends[-1].reason) if ends[-1].by_system else None
        return ends[-1].reason if read is None or language is Language.EN else read.zh


def case_of_order(connection: Connection, order_id: str) -> Case | None:
    """Return the case of an order; None until the projector has made it."""
    case_id = connection.scalar(select(events.c.case_id).where(events.c.event_id == order_id))
    return None if not case_id else find_case(connection, case_id)


def outcome_of(connection: Connection, case: Case, flows: Flows) -> Outcome:
    """Return how a report's case stands."""
    leading = case
    for _ in range(_DEPTH):
        if leading.merged_into is None:
            break
        above = find_case(connection, leading.merged_into)
        if above is None:
            break
        leading = above
    passages = _passages(connection, case)
    if leading is not case:
        since_us = passages[-1].at_us if passages else 0
        passages += [each for each in _passages(connection, leading) if each.at_us >= since_us]
    is_open = flows.of(leading.flow).state(leading.state).open
    return Outcome(case, leading, is_open, passages)


def _passages(connection: Connection, case: Case) -> list[Passage]:
    query = (
        select(case_log.c.body)
        .where(case_log.c.case_id == case.case_id)
        .order_by(case_log.c.version)
    )
    found: list[Passage] = []
    for body in connection.scalars(query):
        record = decode_record(bytes(body))
        detail = record.detail
        if isinstance(detail, Moved) and detail.to_state in _SHOWN:
            reason = record.reason if detail.to_state in _TOLD else ""
            by_system = record.actor == SYSTEM
            found.append(Passage(detail.to_state, record.at_us, reason, by_system))
    return found
