"""Open311 GeoReport v2 in JSON and XML, over the same reports as ``/v1/reports``."""

import hashlib
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from cloud_api.access import READ, Gate, Require, Sees, token_of
from cloud_api.dispatch.classes import event_type_of
from cloud_api.errors import InvalidInput, NotFound, Problem, RateLimited
from cloud_api.media import check_media_type
from cloud_api.notices.plan import Language
from cloud_api.open311.forms import field_of, read_form, report_of
from cloud_api.open311.parameters import language_of, listed, moment_of
from cloud_api.open311.rendering import Item, answer, errors
from cloud_api.open311.requests_list import RequestFilter
from cloud_api.routes.answers import documented
from cloud_api.routes.citizens import POST_REPORTS
from cloud_api.services import Services

__all__ = ["open311_router"]

Form = Literal["json", "xml"]
_LONGEST = timedelta(days=90)
"""Longest span of a list. Source: GeoReport v2, GET Service Requests."""

_KEY_LONGEST = 100
_INVALID = 400
_UNPROCESSABLE = 422
_REFUSALS = {
    400: "a parameter is wrong or missing",
    401: "no api_key, or one that is unknown",
    403: "the key may not report",
    404: "no such service, request or jurisdiction",
    413: "the body is too large",
    415: "a picture is none that is taken",
    429: "too many requests",
    503: "the database does not answer",
    507: "there is no room for pictures",
}
_CONTENT: dict[str, Any] = {"application/json": {}, "text/xml": {}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": _CONTENT, "description": "GeoReport document."},
    **documented(InvalidInput, RateLimited),
}
_ANSWERS |= {
    status: {"description": f"GeoReport errors: {what}.", "content": _CONTENT}
    for status, what in _REFUSALS.items()
}
_POST_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "required": ["service_code"]},
                "example": {
                    "api_key": "cityloop_...",
                    "service_code": "2-04-06",
                    "lat": 22.5462,
                    "long": 114.0591,
                    "description": "deep water at the crossing",
                    "email": "li@example.org",
                },
            },
            "multipart/form-data": {"schema": {"type": "object"}},
        },
    }
}


def open311_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/open311/v2``."""
    router = APIRouter(tags=["open311"], dependencies=[Depends(gate.visitor)])
    facade = _Facade(services)

    @router.get("/open311/v2/discovery.{form}", summary="Discovery", responses=_ANSWERS)
    async def discovery(form: Form, request: Request) -> Response:
        """Say where the endpoint is and what it speaks."""
        return await facade.read(form, request, None, lambda: facade.discovery(form, request))

    @router.get("/open311/v2/services.{form}", summary="List services", responses=_ANSWERS)
    async def service_list(
        form: Form, request: Request, jurisdiction_id: str | None = None
    ) -> Response:
        """Return what can be reported: the classes of today's code table."""
        return await facade.read(form, request, jurisdiction_id, lambda: facade.services(form))

    @router.get(
        "/open311/v2/services/{service_code}.{form}",
        summary="Read a service's definition",
        responses=_ANSWERS,
    )
    async def service_definition(
        service_code: str, form: Form, request: Request, jurisdiction_id: str | None = None
    ) -> Response:
        """Return the attributes of a service: none, every class asks for the same."""
        return await facade.read(
            form, request, jurisdiction_id, lambda: facade.definition(form, service_code)
        )

    @router.post(
        "/open311/v2/requests.{form}",
        summary="Report something",
        responses={**_ANSWERS, 201: _ANSWERS[200]},
        openapi_extra=_POST_BODY,
    )
    async def post_request(form: Form, request: Request) -> Response:
        """Store a report; the answer names it, and the code to follow it (an extension)."""
        return await facade.post(form, request)

    @router.get("/open311/v2/requests.{form}", summary="List requests", responses=_ANSWERS)
    async def request_list(
        form: Form,
        request: Request,
        service_request_id: Annotated[str | None, Query(max_length=2000)] = None,
        service_code: Annotated[str | None, Query(max_length=2000)] = None,
        start_date: Annotated[str | None, Query(max_length=40)] = None,
        end_date: Annotated[str | None, Query(max_length=40)] = None,
        status: Annotated[str | None, Query(max_length=40)] = None,
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
        page_size: Annotated[int, Query(ge=1, le=200)] = 50,
        jurisdiction_id: str | None = None,
    ) -> Response:
        """Return reports of at most 90 days, newest first, without what they say about people."""
        return await facade.read(
            form,
            request,
            jurisdiction_id,
            lambda: facade.list(
                form,
                facade.wanted(
                    ids=service_request_id,
                    codes=service_code,
                    start=start_date,
                    end=end_date,
                    status=status,
                    page=page,
                    page_size=page_size,
                ),
                request,
            ),
        )

    @router.get(
        "/open311/v2/requests/{service_request_id}.{form}",
        summary="Read a request",
        responses=_ANSWERS,
    )
    async def one_request(
        service_request_id: str, form: Form, request: Request, jurisdiction_id: str | None = None
    ) -> Response:
        """Return one report."""
        return await facade.read(
            form, request, jurisdiction_id, lambda: facade.one(form, service_request_id, request)
        )

    @router.get("/open311/v2/tokens/{token}.{form}", summary="From token to id", responses=_ANSWERS)
    async def token_to_id(
        token: str, form: Form, request: Request, jurisdiction_id: str | None = None
    ) -> Response:
        """Return the id of the report with a tracking code."""
        return await facade.read(form, request, jurisdiction_id, lambda: facade.token(form, token))

    return router


def _once(request: Request, key_id: str) -> str:
    """Return what names a post among all; the header is an extension, the same as of ``/v1/reports``.

    Raises:
        InvalidInput: the header is too long or not plain.
    """
    given = request.headers.get("idempotency-key")
    if given is None:
        return uuid.uuid4().hex
    if len(given) > _KEY_LONGEST or not given.isascii() or not given.isprintable():
        raise InvalidInput(f"Idempotency-Key: expected at most {_KEY_LONGEST} plain characters")
    return f"{key_id}:{given}"


class _Facade:
    """What the routes do, with errors as GeoReport has them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._config = services.config.open311
        self._reader = Require(services.callers, READ | POST_REPORTS, sees=Sees.COMMON)
        self._sender = Require(services.callers, POST_REPORTS, sees=Sees.COMMON)
        self._requests = services.requests

    async def read(
        self,
        form: Form,
        request: Request,
        jurisdiction_id: str | None,
        work: Callable[[], Response],
    ) -> Response:
        """Return what ``work`` makes, for who may read."""
        try:
            if not self._config.public:
                await self._reader(request)
            self._check_jurisdiction(jurisdiction_id)
            return await run_in_threadpool(work)
        except Problem as problem:
            return _refusal(form, problem)

    def _check_jurisdiction(self, jurisdiction_id: str | None) -> None:
        ours = self._config.jurisdiction_id
        if ours and jurisdiction_id and jurisdiction_id != ours:
            raise NotFound(
                f"jurisdiction {jurisdiction_id[:80]!r} is not served; expected {ours!r}"
            )

    def discovery(self, form: Form, request: Request) -> Response:
        """Return where the endpoint is."""
        base = str(request.base_url).rstrip("/")
        item = {
            "changeset": "2026-06-01T00:00:00Z",
            "contact": self._config.contact,
            "key_service": "ask an administrator: keys create --role app",
            "endpoints": [
                {
                    "specification": "http://wiki.open311.org/GeoReport_v2",
                    "url": f"{base}/open311/v2",
                    "changeset": "2026-06-01T00:00:00Z",
                    "type": "production",
                    "formats": ["text/xml", "application/json"],
                }
            ],
        }
        return answer(form, "discovery", "", [item], one=True)

    def services(self, form: Form) -> Response:
        """Return the classes of today's code table."""
        found = [
            {
                "service_code": entry.code,
                "service_name": entry.zh,
                "description": entry.en,
                "metadata": False,
                "type": "realtime",
                "keywords": entry.en,
                "group": entry.kind,
            }
            for entry in self._services.reports.services(self._services.clock.now())
        ]
        return answer(form, "services", "service", found)

    def definition(self, form: Form, service_code: str) -> Response:
        """Return the definition of one class."""
        self._entry(service_code)
        item: Item = {"service_code": service_code, "attributes": []}
        return answer(form, "service_definition", "", [item], one=True)

    def _entry(self, service_code: str) -> str:
        for entry in self._services.reports.services(self._services.clock.now()):
            if entry.code == service_code:
                return event_type_of(entry)
        raise NotFound(f"service_code {service_code[:64]!r} does not exist; see services.json")

    def wanted(
        self,
        *,
        ids: str | None,
        codes: str | None,
        start: str | None,
        end: str | None,
        status: str | None,
        page: int,
        page_size: int,
    ) -> RequestFilter:
        """Return what a list asks for.

        Raises:
            InvalidInput: a date or a status is none, or the span is too long.
            NotFound: there is no such service.
        """
        now = self._services.clock.now()
        last = moment_of(end, "end_date") or now
        first = moment_of(start, "start_date") or last - _LONGEST
        if last - first > _LONGEST:
            raise InvalidInput("start_date and end_date: expected at most 90 days between them")
        statuses = listed(status)
        if set(statuses) - {"open", "closed"}:
            raise InvalidInput(f"status {status!r}: expected open, closed or both")
        return RequestFilter(
            begin=first,
            end=last,
            ids=listed(ids)[:page_size],
            event_types=tuple(self._entry(code) for code in listed(codes)),
            statuses=statuses,
            page=page,
            page_size=page_size,
        )

    def list(self, form: Form, wanted: RequestFilter, request: Request) -> Response:
        """Return a list of requests, in the language that is asked for, English otherwise."""
        with self._services.store.read() as connection:
            found = self._requests.find(connection, wanted, language_of(request))
        return _answered(form, found, language_of(request))

    def one(self, form: Form, order_id: str, request: Request) -> Response:
        """Return one request, as :meth:`list` does.

        Raises:
            NotFound: there is none.
        """
        now = self._services.clock.now()
        ids = () if "\x00" in order_id else (order_id,)
        found: list[Item] = []
        if ids:
            with self._services.store.read() as connection:
                found = self._requests.find(
                    connection, RequestFilter(now, now, ids=ids), language_of(request)
                )
        if not found:
            raise NotFound(f"service_request_id {order_id[:64]!r} does not exist")
        return _answered(form, found, language_of(request))

    def token(self, form: Form, token: str) -> Response:
        """Return the id behind a code."""
        record = self._services.reports.find(token)
        item = {"service_request_id": record.order_id, "token": token}
        return answer(form, "service_requests", "request", [item])

    async def post(self, form: Form, request: Request) -> Response:
        """Take a report in."""
        fields = FormData()
        try:
            fields = await read_form(request)
            key = fields.get("api_key")
            token = token_of(request) or (key if isinstance(key, str) and key else None)
            caller = await self._sender.admit(request, token)
            self._check_jurisdiction(field_of(fields, "jurisdiction_id") or None)
            pictures = await self._pictures(fields, caller.name)
            report = report_of(fields, pictures)
            taken = await run_in_threadpool(
                self._services.reports.take,
                report,
                once=_once(request, caller.key_id),
                now=self._services.clock.now(),
            )
        except Problem as problem:
            return _refusal(form, problem)
        finally:
            await fields.close()
        item = {
            "service_request_id": taken.order_id,
            "service_notice": None,
            "account_id": None,
            "tracking_code": taken.code,
        }
        return answer(form, "service_requests", "request", [item], status=201)

    async def _pictures(self, fields: FormData, by: str) -> tuple[str, ...]:
        """Store pictures that came with the form, an extension; return their hashes."""
        found: list[str] = []
        for each in fields.getlist("media"):
            if not isinstance(each, UploadFile):
                continue
            content = await each.read()
            digest = hashlib.sha256(content).hexdigest()
            media_type = check_media_type(each.content_type)
            info = await run_in_threadpool(
                self._services.evidence.put,
                digest,
                media_type,
                content,
                now=self._services.clock.now(),
                by=by,
            )
            found.append(info.sha256)
        return tuple(found)


def _answered(form: Form, found: list[Item], language: Language) -> Response:
    told = answer(form, "service_requests", "request", found)
    told.headers.update({"Content-Language": language, "Vary": "Accept-Language"})
    return told


def _refusal(form: Form, problem: Problem) -> Response:
    status = _INVALID if problem.status == _UNPROCESSABLE else problem.status
    refused = errors(form, status, problem.detail)
    refused.headers.update(problem.headers)
    return refused
