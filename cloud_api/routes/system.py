"""Health, metrics, the catalogue of departments and flow, and the page that lists all routes."""

from importlib import resources
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import HTMLResponse

from cloud_api.access import Gate
from cloud_api.errors import Forbidden, StoreUnavailable, Unauthenticated
from cloud_api.flow import Flow
from cloud_api.keys import Identity
from cloud_api.routes.answers import documented
from cloud_api.services import Services
from cloud_api.views import DepartmentView, FlowView, Named

__all__ = ["system_router"]


def system_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes that are about the API itself."""
    router = APIRouter(tags=["system"])
    reader = Annotated[Identity, Depends(gate.read_common)]
    scraper = Annotated[Identity, Depends(gate.metrics)]

    @router.get(
        "/healthz", summary="Whether the database answers", responses=documented(StoreUnavailable)
    )
    def healthz() -> dict[str, str | int]:
        """Return ok and how far the projector lags; 503 when the database does not answer."""
        return {"status": "ok", "projector_lag_events": services.projector.lag()}

    @router.get(
        "/metrics",
        summary="Metrics in Prometheus text format",
        response_class=Response,
        responses=documented(Unauthenticated, Forbidden, StoreUnavailable),
    )
    def metrics(_caller: scraper) -> Response:
        """Return every metric; from this machine no key is needed unless configured."""
        services.metrics.projector_lag.set(services.projector.lag())
        return Response(services.metrics.render(), media_type=CONTENT_TYPE_LATEST)

    @router.get(
        "/v1/departments",
        summary="List departments",
        responses=documented(Unauthenticated, Forbidden),
    )
    def departments(_caller: reader) -> list[DepartmentView]:
        """Return the departments that cases can be dispatched to."""
        return [
            DepartmentView(id=department.id, zh=department.zh, en=department.en)
            for department in services.config.departments
        ]

    @router.get(
        "/v1/flow",
        summary="Read the flow that cases follow",
        responses=documented(Unauthenticated, Forbidden),
    )
    def flow(_caller: reader) -> FlowView:
        """Return the steps, states and moves of the flow that most cases follow."""
        return _flow_view(services.flows.default)

    @router.get(
        "/v1/flows",
        summary="Read every flow",
        responses=documented(Unauthenticated, Forbidden),
    )
    def flows(_caller: reader) -> list[FlowView]:
        """Return the steps, states and moves of every flow, by name."""
        return [_flow_view(each) for each in services.flows.all()]

    @router.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        """Return a page that lists every route; it needs no internet."""
        page = resources.files("cloud_api").joinpath("pages/docs.html").read_text("utf-8")
        return HTMLResponse(
            page,
            headers={
                "Content-Security-Policy": "default-src 'none'; connect-src 'self'; "
                "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
            },
        )

    return router


def _flow_view(flow: Flow) -> FlowView:
    spec = flow.spec
    return FlowView(
        id=spec.flow,
        zh=spec.zh,
        en=spec.en,
        hand_offs=spec.hand_offs,
        recurrence_days=spec.recurrence_days,
        steps=[Named(id=step.id, zh=step.zh, en=step.en) for step in spec.steps],
        states=[
            {
                "id": state.value,
                "zh": described.zh,
                "en": described.en,
                "step": described.step,
                "open": described.open,
            }
            for state, described in spec.states.items()
        ],
        moves=[
            {
                "from": [state.value for state in move.from_],
                "to": move.to,
                "zh": move.zh,
                "en": move.en,
                "needs": [need.value for need in move.needs],
                "by": move.by.value,
            }
            for move in spec.moves
        ],
    )
