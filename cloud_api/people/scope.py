"""Whose cases somebody may see: by district, grid and department. All of them must agree.

Enforced in one place, :mod:`cloud_api.access`, with the clause that this module makes.
"""

from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import ColumnElement, Connection, and_, or_, select, true

from cloud_api.narrowing import Compared
from cloud_api.schema import cases, events

__all__ = [
    "EVERYTHING",
    "Scope",
    "case_in_scope",
    "event_in_scope",
    "scoped_cases",
    "scoped_events",
]

_Names = tuple[Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,64}$")], ...]
_Codes = tuple[Annotated[str, Meta(pattern=r"^[0-9A-Za-z-]{1,64}$")], ...]


class Scope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What somebody may see; an empty field sets no bound."""

    districts: _Names = ()
    """Districts, as events name them."""
    departments: _Names = ()
    """Departments that have the case, had it first, or have a part of its work."""
    grids: _Codes = ()
    """Beginnings of grid codes: six digits are a county, nine a street, twelve a community."""

    @property
    def unbounded(self) -> bool:
        """Whether everything may be seen."""
        return not (self.districts or self.departments or self.grids)


EVERYTHING = Scope()


def scoped_cases(scope: Scope) -> ColumnElement[bool]:
    """Return the clause over table ``cases`` that a scope stands for."""
    clauses: list[ColumnElement[bool]] = []
    if scope.districts:
        clauses.append(Compared(cases.c.district).in_(scope.districts))
    if scope.grids:
        clauses.append(
            or_(*(cases.c.grid.startswith(code, autoescape=True) for code in scope.grids))
        )
    if scope.departments:
        clauses.append(
            or_(
                *(
                    cases.c.involved.contains(f",{name},", autoescape=True)
                    for name in scope.departments
                )
            )
        )
    return and_(*clauses) if clauses else true()


def scoped_events(scope: Scope) -> ColumnElement[bool]:
    """Return the clause over table ``events``: an event is seen by who sees its case."""
    if scope.unbounded:
        return true()
    return select(1).where(cases.c.case_id == events.c.case_id, scoped_cases(scope)).exists()


def case_in_scope(connection: Connection, scope: Scope, case_ref: str) -> bool:
    """Return whether a scope holds the case with this id or number; a missing one is in none."""
    query = select(1).where(
        or_(cases.c.case_id == case_ref, cases.c.number == case_ref), scoped_cases(scope)
    )
    return connection.scalar(query) is not None


def event_in_scope(connection: Connection, scope: Scope, event_id: str) -> bool:
    """Return whether a scope holds the case of this event."""
    query = select(1).where(events.c.event_id == event_id, scoped_events(scope))
    return connection.scalar(query) is not None
