"""Cases as they stood at a moment: by their log, not by what became of them since."""

from collections.abc import Iterator

from sqlalchemy import Connection, or_, select

from cloud_api.case_projection import Case, apply_record, decode_case
from cloud_api.case_record import decode_record
from cloud_api.evaluation.measures import Period
from cloud_api.people.scope import Scope, scoped_cases
from cloud_api.schema import case_log, cases

__all__ = ["cases_as_of"]

_CHUNK = 500
"""Cases whose logs are read together."""


def cases_as_of(
    connection: Connection,
    period: Period,
    scope: Scope,
    *,
    district: str | None = None,
    department: str | None = None,
) -> list[Case]:
    """Return the cases that matter for a period, as they stood at its end.

    Args:
        connection: to the store.
        period: what was opened after it, or closed before it, is left out.
        scope: whose cases may be seen.
        district: only of this district.
        department: only of this department, as it stood.
    """
    wanted = [
        scoped_cases(scope),
        cases.c.opened_at_us < period.end_us,
        or_(cases.c.closed_at_us.is_(None), cases.c.closed_at_us >= period.begin_us),
    ]
    if district is not None:
        wanted.append(cases.c.district == district)
    rows = connection.execute(
        select(cases.c.document, cases.c.changed_at_us, cases.c.case_id)
        .where(*wanted)
        .order_by(cases.c.opened_seq)
    )
    found: dict[str, Case | None] = {}
    changed: list[str] = []
    for document, changed_at_us, case_id in rows:
        if changed_at_us < period.end_us:
            found[case_id] = decode_case(document)
        else:
            # it went on after the period: what it was then stands in its log
            found[case_id] = None
            changed.append(case_id)
    found.update(_folded(connection, changed, period.end_us))
    return [
        case
        for case in found.values()
        if case is not None and (department is None or case.department == department)
    ]


def _folded(connection: Connection, case_ids: list[str], end_us: int) -> Iterator[tuple[str, Case]]:
    for at in range(0, len(case_ids), _CHUNK):
        part = case_ids[at : at + _CHUNK]
        rows = connection.execute(
            select(case_log.c.case_id, case_log.c.seq, case_log.c.body)
            .where(case_log.c.case_id.in_(part), case_log.c.at_us < end_us)
            .order_by(case_log.c.seq)
        )
        standing: dict[str, Case] = {}
        for case_id, seq, body in rows:
            standing[case_id] = apply_record(standing.get(case_id), decode_record(body), seq)
        yield from standing.items()
