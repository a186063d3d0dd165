"""The FastAPI application: routes, limits, and errors as problems."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from cloud_api.access import Gate
from cloud_api.audit.recording import Recording
from cloud_api.body_limit import BodyLimit
from cloud_api.browser_guard import BrowserGuard, allowing_origins
from cloud_api.console.assets import BUILT, PREFIX, ConsoleSite
from cloud_api.errors import (
    InternalFault,
    InvalidInput,
    MalformedJson,
    MethodNotAllowed,
    NotFound,
    Problem,
)
from cloud_api.openapi_examples import show_examples
from cloud_api.openapi_limits import name_limits
from cloud_api.packing import Packing
from cloud_api.privacy.viewing import Viewing
from cloud_api.problems import problem_response
from cloud_api.routes.acting import acting_router
from cloud_api.routes.auditing import auditing_router
from cloud_api.routes.cameras import cameras_router
from cloud_api.routes.case_reports import case_reports_router
from cloud_api.routes.cases import cases_router
from cloud_api.routes.casework import casework_router
from cloud_api.routes.causes import causes_router
from cloud_api.routes.citizen_page import citizen_page_router
from cloud_api.routes.citizens import citizens_router
from cloud_api.routes.console import console_router
from cloud_api.routes.devices import devices_router
from cloud_api.routes.dispatching import dispatch_router
from cloud_api.routes.evaluation import evaluation_router
from cloud_api.routes.events import events_router
from cloud_api.routes.evidence import evidence_router
from cloud_api.routes.exports import exports_router
from cloud_api.routes.fleet import fleet_router
from cloud_api.routes.hotline import hotline_router
from cloud_api.routes.inventory import inventory_router
from cloud_api.routes.managing import managing_router
from cloud_api.routes.map import map_router
from cloud_api.routes.map_cells import map_cells_router
from cloud_api.routes.models import models_router
from cloud_api.routes.notices import notices_router
from cloud_api.routes.oidc import oidc_router
from cloud_api.routes.open311 import open311_router
from cloud_api.routes.orders import orders_router
from cloud_api.routes.packs import packs_router
from cloud_api.routes.people import people_router
from cloud_api.routes.process_map import process_map_router
from cloud_api.routes.reviews import reviews_router
from cloud_api.routes.shelving import shelving_router
from cloud_api.routes.stream import stream_router
from cloud_api.routes.supervision import supervision_router
from cloud_api.routes.system import system_router
from cloud_api.routes.webhooks import webhooks_router
from cloud_api.routes.worklist import worklist_router
from cloud_api.services import Services
from cloud_api.short_way import ShortWay
from cloud_api.timing import Timing

__all__ = ["OPEN_PATHS", "build_app", "with_short_way"]

OPEN_PATHS = frozenset({"/healthz", "/docs", "/openapi.json"})
"""Paths that need no key."""


def build_app(services: Services, start: Callable[[], None], stop: Callable[[], None]) -> FastAPI:
    """Return the application.

    Args:
        services: the parts that the routes call.
        start: called when the server starts: threads that store and project.
        stop: called when it stops; blocks until they have ended.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        start()
        watching = asyncio.create_task(services.feed.run())
        try:
            yield
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
            await asyncio.to_thread(stop)

    app = FastAPI(
        title="cityloop API",
        version="1",
        summary="Events are read, people act on cases.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    gate = Gate(services.callers, loopback_metrics=services.config.loopback_metrics)
    for router in (
        events_router(services, gate),
        cases_router(services, gate),
        map_cells_router(services, gate),
        acting_router(services, gate),
        casework_router(services, gate),
        causes_router(services, gate),
        case_reports_router(services, gate),
        worklist_router(services, gate),
        supervision_router(services, gate),
        dispatch_router(services, gate),
        evidence_router(services, gate),
        stream_router(services, gate),
        system_router(services, gate),
        auditing_router(services, gate),
        people_router(services, gate),
        managing_router(services, gate),
        oidc_router(services, gate),
        devices_router(services, gate),
        fleet_router(services, gate),
        inventory_router(services, gate),
        notices_router(services, gate),
        orders_router(services, gate),
        citizens_router(services, gate),
        hotline_router(services, gate),
        citizen_page_router(services, gate),
        open311_router(services, gate),
        webhooks_router(services, gate),
        exports_router(services, gate),
        shelving_router(services, gate),
        evaluation_router(services, gate),
        process_map_router(services, gate),
        models_router(services, gate),
        reviews_router(services, gate),
        console_router(services, gate),
        cameras_router(services, gate),
        packs_router(services, gate),
        map_router(services, gate),
    ):
        app.include_router(router)
    config = services.config
    app.mount(PREFIX, ConsoleSite(BUILT, config.console))
    app.add_middleware(
        BodyLimit,
        limit_bytes=config.body_bytes,
        evidence_bytes=config.evidence_item_bytes,
        bundle_bytes=config.models_item_bytes,
        timeout_s=config.request_timeout_s,
    )
    app.add_middleware(Viewing, names=services.staff_names)
    app.add_middleware(Packing)
    app.add_middleware(
        Recording,
        trail=services.trail,
        clock=services.clock,
        open_paths=OPEN_PATHS,
        open_below=f"{PREFIX}/",
        address=services.callers.limiter.address,
    )
    app.add_middleware(BrowserGuard, secure=config.cookie_secure)
    app.add_middleware(Timing, metrics=services.metrics)
    _answer_problems(app)
    show_examples(app)
    name_limits(app)
    return app


def with_short_way(app: FastAPI, services: Services) -> ASGIApp:
    """Return the application behind a short way for plain posts of events."""
    short = ShortWay(
        app,
        posting=services.posting,
        keys=services.keys,
        metrics=services.metrics,
        trail=services.trail,
        limiter=services.callers.limiter,
        limit_bytes=services.config.body_bytes,
        timeout_s=services.config.request_timeout_s,
    )
    open_to = allowing_origins(short, services.config.cors_origins)
    return ServerErrorMiddleware(open_to, handler=_on_defect)


async def _on_defect(request: Request, _error: Exception) -> Response:
    return problem_response(_unexpected(), request.url.path)


def _answer_problems(app: FastAPI) -> None:
    """Turn every error into a problem."""

    async def on_problem(request: Request, error: Exception) -> Response:
        problem = error if isinstance(error, Problem) else _unexpected()
        return problem_response(problem, request.url.path)

    async def on_http(request: Request, error: Exception) -> Response:
        return problem_response(_from_http(request, error), request.url.path)

    async def on_validation(request: Request, error: Exception) -> Response:
        problem = (
            _from_validation(error) if isinstance(error, RequestValidationError) else _unexpected()
        )
        return problem_response(problem, request.url.path)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(Exception, _on_defect)


def _unexpected() -> Problem:
    return InternalFault("the request met a defect of the server; its log tells more; report it")


def _from_http(request: Request, error: Exception) -> Problem:
    """Return the problem behind a framework's own error."""
    if isinstance(error.__cause__, Problem):  # FastAPI wraps what reading a body raised
        return error.__cause__
    status = error.status_code if isinstance(error, HTTPException) else 500
    path = request.url.path
    if status == NotFound.status:
        return NotFound(f"{path} does not exist; see /docs for what does")
    if status == MethodNotAllowed.status:
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        return MethodNotAllowed(
            f"{path} does not take {request.method}; see /docs", headers=headers
        )
    if status == MalformedJson.status:
        return MalformedJson(f"{path}: the body could not be read as JSON; expected an object")
    return _unexpected()


def _from_validation(error: RequestValidationError) -> Problem:
    """Return the problem for fields or parameters that break their constraints."""
    found = [
        {"field": ".".join(str(part) for part in item["loc"]), "detail": str(item["msg"])}
        for item in error.errors()
    ]
    if any(item["type"] == "json_invalid" for item in error.errors()):
        return MalformedJson(f"body: {found[0]['detail']}; expected JSON")
    first = found[0]
    return InvalidInput(f"{first['field']}: {first['detail']}", members={"errors": found[:20]})
