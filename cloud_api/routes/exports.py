"""Exports: CSV, Parquet, GeoJSON, XES, and CAP of one event; streamed, narrowed to what one may see."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from cloud_api.access import Gate
from cloud_api.errors import Forbidden, InvalidInput, NotFound, StoreUnavailable, Unauthenticated
from cloud_api.event_projection import decode_event
from cloud_api.exports.cap_alert import cap_alert
from cloud_api.exports.forms import csv_chunks, geojson_chunks, xes_chunks
from cloud_api.exports.parquet_form import check_parquet, parquet_chunks
from cloud_api.exports.rows import CASE_FIELDS, EVENT_FIELDS, LOG_FIELDS, ExportFilter, Rows
from cloud_api.instants import from_us
from cloud_api.keys import Identity
from cloud_api.privacy.viewing import veil_of
from cloud_api.queries import revisions_of
from cloud_api.routes.answers import documented, storable
from cloud_api.services import Services

__all__ = ["exports_router"]

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
    "parquet": "application/vnd.apache.parquet",
    "xes": "application/xml",
    "cap": "application/cap+xml",
}
_DISTRICT = Query(pattern=r"^[a-z0-9-]{1,64}$")


def _answers(*forms: str) -> dict[int | str, dict[str, Any]]:
    content = {_TYPES[form].split(";")[0]: {"schema": {"type": "string"}} for form in forms}
    return {
        200: {"description": "The table, in pieces.", "content": content},
        **documented(Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable),
    }


def _asked(
    begin: AwareDatetime | None = None,
    end: AwareDatetime | None = None,
    district: Annotated[str | None, _DISTRICT] = None,
) -> ExportFilter:
    """Return what every export may be narrowed to."""
    return ExportFilter(begin, end, district)


def exports_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes that hand out whole tables."""
    router = APIRouter(tags=["exports"])
    reader = Annotated[Identity, Depends(gate.read_filtered)]
    named_reader = Annotated[Identity, Depends(gate.read)]
    asked = Annotated[ExportFilter, Depends(_asked)]

    @router.get(
        "/v1/exports/cases.{form}",
        summary="Export cases",
        responses=_answers("csv", "geojson", "parquet"),
        response_class=Response,
    )
    def cases(
        form: Literal["csv", "geojson", "parquet"],
        request: Request,
        caller: reader,
        chosen: asked,
    ) -> Response:
        """Return cases opened from ``begin`` on and before ``end``, as they stand now."""
        read = Rows(services.store, caller.scope, chosen).cases()
        rows = veil_of(request, caller).lines(read, whole=form == "parquet")
        if form == "geojson":
            return _streamed(form, "cases", geojson_chunks(rows, "case_id"))
        return _table(form, "cases", CASE_FIELDS, rows)

    @router.get(
        "/v1/exports/events.{form}",
        summary="Export events",
        responses=_answers("csv", "geojson", "parquet"),
        response_class=Response,
    )
    def events(
        form: Literal["csv", "geojson", "parquet"],
        request: Request,
        caller: reader,
        chosen: asked,
    ) -> Response:
        """Return events that first came in from ``begin`` on and before ``end``."""
        read = Rows(services.store, caller.scope, chosen).events()
        rows = veil_of(request, caller).lines(read, whole=form == "parquet")
        if form == "geojson":
            return _streamed(form, "events", geojson_chunks(rows, "event_id"))
        return _table(form, "events", EVENT_FIELDS, rows)

    @router.get(
        "/v1/exports/case-log.{form}",
        summary="Export the log of cases, for process mining too",
        responses=_answers("csv", "xes", "parquet"),
        response_class=Response,
    )
    def case_log(
        form: Literal["csv", "xes", "parquet"],
        request: Request,
        caller: reader,
        chosen: asked,
    ) -> Response:
        """Return every entry of the cases opened from ``begin`` on and before ``end``."""
        read = Rows(services.store, caller.scope, chosen).log()
        rows = veil_of(request, caller).lines(read, whole=form == "parquet")
        if form == "xes":
            return _streamed(form, "case-log", xes_chunks(rows))
        return _table(form, "case-log", LOG_FIELDS, rows)

    @router.get(
        "/v1/events/{event_id}/cap",
        summary="Read an event as a CAP 1.2 alert",
        responses=_answers("cap"),
        response_class=Response,
    )
    def cap(event_id: str, _caller: named_reader) -> Response:
        """Return the newest revision; it references those before it."""
        with services.store.read() as connection:
            found = revisions_of(connection, storable(event_id) or "")
        if not found:
            raise NotFound(f"event {event_id[:80]!r} does not exist; see GET /v1/events")
        revisions = [(decode_event(row.body), row) for row in found]
        event, row = revisions[-1]
        body = cap_alert(
            event,
            [(each, from_us(before.received_at_us)) for each, before in revisions[:-1]],
            sender=services.config.cap_sender,
            sent=from_us(row.received_at_us),
        )
        return Response(body, media_type=_TYPES["cap"])

    return router


def _table(form: str, name: str, fields: tuple[str, ...], rows: Iterator[Any]) -> Response:
    if form == "csv":
        return _streamed(form, name, csv_chunks(fields, rows))
    check_parquet()
    return _streamed(form, name, parquet_chunks(fields, rows))


def _streamed(form: str, name: str, chunks: Iterator[bytes]) -> Response:
    return StreamingResponse(
        chunks,
        media_type=_TYPES[form],
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{form}"',
            "Cache-Control": "no-store",
        },
    )
