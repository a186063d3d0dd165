"""What people and other systems said about a case: the orders behind its events."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import select

from cloud_api.access import Gate
from cloud_api.case_book import CaseBook
from cloud_api.case_opening import find_case
from cloud_api.errors import Forbidden, InvalidInput, NotFound, StoreUnavailable, Unauthenticated
from cloud_api.keys import Identity
from cloud_api.orders.ledger import OrderRow
from cloud_api.orders.tables import orders
from cloud_api.people.scope import case_in_scope
from cloud_api.routes.answers import documented, storable
from cloud_api.routes.orders import OrderView, order_view
from cloud_api.services import Services

__all__ = ["case_reports_router"]

_MOST = 200
"""Most events of one case, and of what was merged into it, whose reports are told."""


def case_reports_router(services: Services, gate: Gate) -> APIRouter:
    """Return the route about what was reported."""
    router = APIRouter(tags=["cases"])
    reader = Annotated[Identity, Depends(gate.read)]

    @router.get(
        "/v1/cases/{case_ref}/reports",
        summary="Read what people and other systems said about a case",
        responses=documented(Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable),
    )
    def reports(case_ref: str, caller: reader) -> list[OrderView]:
        """Return the orders behind the case's events and of what was merged into it, the oldest first."""
        with services.store.read() as connection:
            case = find_case(connection, storable(case_ref) or "")
            if case is None:
                raise NotFound(f"case {case_ref[:80]!r} does not exist; see GET /v1/cases")
            book = CaseBook(connection, services.flows, services.drawer.keeper)
            children = [
                child
                for child in book.load_children(case.case_id)
                if case_in_scope(connection, caller.scope, child.case_id)
            ]
            owners = {
                link.event_id: each.case_id for each in (case, *children) for link in each.events
            }
            query = (
                select(orders)
                .where(orders.c.order_id.in_(sorted(owners)[:_MOST]))
                .order_by(orders.c.first_seq)
            )
            rows = [OrderRow(*row) for row in connection.execute(query)]
        return [order_view(services, row, owners[row.order_id], caller) for row in rows]

    return router
