"""Which class a case belongs to, where its event does not say: a model suggests, a person decides."""

from datetime import datetime

import msgspec

from cloud_api.case_book import CaseBook
from cloud_api.case_opening import CaseDrawer, Deed
from cloud_api.case_projection import Case
from cloud_api.case_record import SYSTEM, Classified, Suggested
from cloud_api.deadlines.timekeeper import Timekeeper
from cloud_api.dispatch.advice import Dispatcher
from cloud_api.errors import InvalidInput, MoveIncomplete
from cloud_api.system_reasons import told
from contracts.event import Event

__all__ = ["CaseClassing", "note_suggestion"]

_OF_ORDERS = "orders."


def _suggested(event: Event) -> Suggested | None:
    """Return what a model suggested when the event's order came in; None where nothing was suggested."""
    values = event.cause.values
    code, confidence = values.get("suggested_class"), values.get("suggested_confidence")
    if not event.rule.startswith(_OF_ORDERS) or not isinstance(code, str):
        return None
    if not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        return None
    return Suggested(
        class_code=code,
        confidence=float(confidence),
        sure=values.get("suggested_sure") is True,
        model=str(values.get("suggested_by")),
    )


def note_suggestion(
    book: CaseBook, keeper: Timekeeper, case: Case, event: Event, now_us: int
) -> Case:
    """Write the suggestion that came with an event into its case's log; return the case after it."""
    suggested = _suggested(event)
    if suggested is None:
        return case
    clocks = None
    if suggested.sure and case.class_code is None:
        named = msgspec.structs.replace(case, class_code=suggested.class_code)
        clocks = keeper.switch(named, book.mode(case.district))
    return book.append(
        case.case_id,
        suggested,
        now_us=now_us,
        actor=SYSTEM,
        reason=told(
            "suggestion_taken" if suggested.sure else "suggestion_unsure",
            confidence=f"{suggested.confidence:.2f}",
        ),
        clocks=clocks,
    )


class CaseClassing:
    """Lets people say which class a case belongs to; errors as for :class:`~cloud_api.case_desk.CaseDesk`."""

    def __init__(self, drawer: CaseDrawer, dispatcher: Dispatcher) -> None:
        self._drawer = drawer
        self._dispatcher = dispatcher

    def classify(self, deed: Deed, class_code: str, reason: str) -> Case:
        """Give a case its class; deadlines that the class shortens come nearer, none moves away.

        Raises:
            CaseClosed: nobody has to act on the case any more.
            InvalidInput: today's code table has no such class.
            MoveIncomplete: no reason was given.
        """
        if not reason.strip():
            detail = "reason: say why; nothing happens to a case without a reason"
            raise MoveIncomplete(
                detail, members={"missing": [{"need": "reason", "detail": detail}]}
            )
        self._check(class_code, deed.now)
        with self._drawer.take(deed, must_be_open=True) as taken:
            case = taken.case
            named = msgspec.structs.replace(case, class_code=class_code)
            clocks = self._drawer.keeper.switch(named, taken.book.mode(case.district))
            return taken.append(
                Classified(class_code=class_code, was=case.class_code), reason, clocks
            )

    def _check(self, class_code: str, now: datetime) -> None:
        day = self._dispatcher.day(now)
        if self._dispatcher.classes.entry(class_code, day) is None:
            raise InvalidInput(
                f"class_code {class_code[:64]!r} is no class of today's code table; see GET /v1/classes"
            )
