"""Dispatch without a person: pre-plans start, and what is sure enough goes to who answers for it."""

from datetime import datetime

from cloud_api.case_book import CaseBook
from cloud_api.case_projection import Case
from cloud_api.case_record import SYSTEM, Moved, SubtaskAdded
from cloud_api.dispatch.advice import Dispatcher
from cloud_api.flow import Flow, Need, State
from cloud_api.instants import to_us
from cloud_api.system_reasons import together, told

__all__ = ["AutomaticDispatch"]

_HOW_FAR = (State.DISPATCHED, State.HANDLING)


class AutomaticDispatch:
    """Starts what a new case calls for.

    Args:
        dispatcher: the city's tables.
        confidence: least confidence at which a case is dispatched without a person.
    """

    def __init__(self, dispatcher: Dispatcher, confidence: float) -> None:
        self._dispatcher = dispatcher
        self._confidence = confidence

    def start(self, book: CaseBook, case: Case, flow: Flow, now: datetime) -> Case:
        """Attach the pre-plan of a filed case, and dispatch it where that is sure enough."""
        now_us = to_us(now)
        plan = self._dispatcher.preplan_of(case)
        if plan is not None:
            for number, task in enumerate(plan.tasks, len(case.subtasks) + 1):
                added = SubtaskAdded(
                    subtask_id=f"t{number}",
                    department=task.department,
                    what=f"{task.zh} · {task.en}",
                    preplan=plan.id,
                )
                reason = told("preplan", plan=plan.id, level=case.level)
                case = book.append(case.case_id, added, now_us=now_us, actor=SYSTEM, reason=reason)
        loads = book.loads(self._dispatcher.units_of(case, now))
        advice = self._dispatcher.advise(case, now, loads)
        to = _next(flow, case)
        if advice.fallback or advice.confidence < self._confidence or to is None:
            return case
        return book.append(
            case.case_id,
            Moved(
                from_state=case.state,
                to_state=to,
                department=advice.department,
                person=advice.person,
            ),
            now_us=now_us,
            actor=SYSTEM,
            reason=told(
                "dispatched",
                confidence=f"{advice.confidence:.2f}",
                reasons=together(advice.reasons),
            ),
        )


def _next(flow: Flow, case: Case) -> State | None:
    """Return where a dispatched case goes: the first of the states that the flow leads to."""
    legal = {
        move.to
        for move in flow.legal_moves(case.state, case.previous)
        if Need.DEPARTMENT in move.needs
    }
    return next((state for state in _HOW_FAR if state in legal), None)
