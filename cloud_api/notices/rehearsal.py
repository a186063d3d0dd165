"""A case that was invented to rehearse a plan."""

from datetime import datetime

from cloud_api.case_projection import Case
from cloud_api.case_record import Assigned, EventLink
from cloud_api.flow import State
from cloud_api.instants import to_us
from contracts.envelope import Discovery
from contracts.event import EventPhase, Title
from contracts.levels import Level

__all__ = ["invented_case", "invented_detail"]


def invented_case(
    *,
    level: Level,
    district: str,
    event_type: str,
    department: str | None,
    person: str | None,
    now: datetime,
) -> Case:
    """Return a case of a level that a department has."""
    return Case(
        case_id="00000000-0000-0000-0000-000000000000",
        version=1,
        number=f"{district}-00000000-0000",
        day="00000000",
        day_number=0,
        opened_seq=0,
        district=district,
        event_type=event_type,
        dedupe=None,
        title=Title(zh="通知演练", en="rehearsal of notices"),
        subject=None,
        place=None,
        discovery=Discovery.ACTIVE,
        preplan=None,
        flow="general",
        state=State.COLLECTED,
        previous=None,
        level=level,
        events=(EventLink(event_id="rehearsal", rev=0, level=level, phase=EventPhase.OPEN),),
        evidence=(),
        department=department,
        person=person,
        opened_at_us=to_us(now),
        changed_at_us=to_us(now),
    )


def invented_detail(department: str | None, person: str | None) -> Assigned:
    """Return a record that says who has the case."""
    return Assigned(department=department or "", person=person)
