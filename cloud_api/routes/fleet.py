"""Running the fleet: desired configuration, enrolment, logins of the hub, reports of gateways."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from cloud_api.access import POST_EVENTS, READ, Gate, Require
from cloud_api.devices.derived import priorities_of, with_priorities
from cloud_api.devices.desired import DesiredConfigs
from cloud_api.devices.enrolment import Enrolled, Enrolment
from cloud_api.devices.reading import object_from
from cloud_api.devices.register import DeviceRegister, EntryKind
from cloud_api.devices.reports import FleetReports
from cloud_api.errors import (
    Forbidden,
    InvalidInput,
    MalformedJson,
    NotFound,
    StoreUnavailable,
    Unauthenticated,
    UnsupportedMedia,
    VersionMismatch,
)
from cloud_api.instants import iso
from cloud_api.keys import Identity, Role
from cloud_api.model_registry.rollout import with_models
from cloud_api.packs.book import PackBook
from cloud_api.routes.answers import documented, if_match, json_body
from cloud_api.routes.devices import MANAGE, POLL, districts_of, json_answer, not_modified
from cloud_api.routes.fleet_views import (
    BoxConfigView,
    BoxStateView,
    MadeTokenView,
    RatesView,
    TokenListView,
    TokenRequest,
)
from cloud_api.services import Services
from contracts.registry import BoxEntry, FleetReport, Lifecycle

__all__ = ["LOGINS", "decoded", "fleet_router"]

LOGINS = frozenset({Role.HUB, Role.ADMIN})

_BoxPath = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,64}$")]
_READING = (Unauthenticated, Forbidden, InvalidInput, StoreUnavailable)
_WRITING = (*_READING, MalformedJson, UnsupportedMedia)


class _EnrolRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of an enrolment."""

    token: Annotated[str, msgspec.Meta(max_length=200)]


def decoded(body: bytes, kind: Any) -> Any:
    """Return a body as a Struct.

    Raises:
        MalformedJson: it is no JSON.
        InvalidInput: a field is unknown, missing or breaks its constraint.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"body: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedJson(f"body: {error}; expected JSON") from error


def fleet_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes that run the fleet."""
    router = APIRouter(tags=["fleet"])
    _config_routes(router, services)
    _enrolment_routes(router, services, gate)
    _report_routes(router, services)
    return router


def _config_routes(router: APIRouter, services: Services) -> None:
    reader = Annotated[Identity, Depends(Require(services.callers, POLL))]
    manager = Annotated[Identity, Depends(Require(services.callers, MANAGE))]
    desired, reports = DesiredConfigs(services.store), FleetReports(services.store)
    register = DeviceRegister(services.store)

    @router.put(
        "/v1/boxes/{box}/config",
        summary="Say what configuration a box should run",
        response_class=Response,
        responses=documented(*_WRITING, NotFound, VersionMismatch),
    )
    async def put_config(
        box: _BoxPath,
        request: Request,
        caller: manager,
        reason: Annotated[str, Query(min_length=1, max_length=500)],
    ) -> Response:
        """Make a new version; with If-Match only over the version that the caller has seen."""
        config = object_from(await json_body(request))
        seen = if_match(request)

        def make() -> object:
            entry = register.get(EntryKind.BOX, box).entry
            assert isinstance(entry, BoxEntry)
            return desired.set(
                entry,
                with_models(
                    with_priorities(config, priorities_of(register, box)),
                    services.models.wishes([entry])[box],
                ),
                services.clock.now(),
                by=caller.name,
                reason=reason,
                version=seen,
            )

        return json_answer(await run_in_threadpool(make))

    @router.get(
        "/v1/boxes/{box}/config",
        summary="Read what a box should run, what it runs, and every former version",
        response_model=BoxConfigView,
        responses=documented(*_READING, NotFound),
    )
    def get_config(
        box: _BoxPath, _caller: reader, history: Annotated[int, Query(ge=0, le=100)] = 20
    ) -> Response:
        """Return desired and reported side by side."""
        register.get(EntryKind.BOX, box)
        wanted = desired.newest(box)
        state = reports.states([box]).get(box)
        versions = [
            {
                "version": item.config.version,
                "sha256": item.config.sha256,
                "made_at": iso(item.made_at_us),
                "made_by": item.made_by,
                "reason": item.reason,
            }
            for item in desired.history(box, limit=history)
        ]
        in_sync = None
        if wanted is not None:
            in_sync = (
                state is not None
                and state.config_sha256 == wanted.sha256
                and all(result == "applied" for result in state.sections.values())
            )
        reported = None
        if state is not None and state.config_version is not None:
            reported = {
                "version": state.config_version,
                "sha256": state.config_sha256,
                "at": state.config_at,
                "sections": state.sections,
            }
        return json_answer(
            {
                "box": box,
                "desired": wanted,
                "reported": reported,
                "in_sync": in_sync,
                "versions": versions,
            }
        )

    @router.get(
        "/v1/desired",
        summary="Follow desired configurations: what changed after a revision",
        response_class=Response,
        responses={304: {"description": "Nothing changed."}, **documented(*_READING)},
    )
    def get_desired(
        request: Request,
        _caller: reader,
        since: Annotated[int, Query(ge=0)] = 0,
        districts: Annotated[str | None, Query(max_length=4000)] = None,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
    ) -> Response:
        """Return a page of configurations; the ETag is the revision of the latest change."""
        unchanged = not_modified(request, desired.revision())
        if unchanged is not None:
            return unchanged
        page = desired.changes(since, districts_of(districts), limit=limit)
        headers = {"ETag": f'"{page.revision}"'} if page.complete else {}
        return json_answer(page, headers=headers)


def _enrolment_routes(router: APIRouter, services: Services, gate: Gate) -> None:
    manager = Annotated[Identity, Depends(Require(services.callers, MANAGE))]
    hub = Annotated[Identity, Depends(Require(services.callers, LOGINS))]
    enrolment = Enrolment(services.store, services.keys)
    register = DeviceRegister(services.store)

    @router.post(
        "/v1/enrolment/tokens",
        summary="Make a one-time token for one box",
        status_code=201,
        response_model=MadeTokenView,
        responses=documented(*_WRITING),
    )
    async def create_token(request: Request, caller: manager) -> Response:
        """Return the token, once; a box that is not registered is, as ``planned``."""
        wanted = decoded(await json_body(request), TokenRequest)

        def make() -> object:
            now = services.clock.now()
            if register.find(EntryKind.BOX, wanted.box) is None:
                entry = BoxEntry(
                    box=wanted.box,
                    district=wanted.district,
                    site=wanted.site,
                    lifecycle=Lifecycle.PLANNED,
                )
                register.put([entry], now, caller.name)
            info, token = enrolment.create_token(
                wanted.box,
                wanted.district,
                wanted.site,
                now,
                ttl_s=wanted.expires_s,
                by=caller.name,
            )
            return {
                "token_id": info.token_id,
                "token": token,
                "box": info.box,
                "expires_at": iso(info.expires_at_us),
            }

        return json_answer(await run_in_threadpool(make), status=201)

    @router.get(
        "/v1/enrolment/tokens",
        summary="List tokens, never their secrets",
        response_model=TokenListView,
        responses=documented(*_READING),
    )
    def list_tokens(_caller: manager) -> Response:
        """Return every token with what became of it."""
        items = [
            {
                "token_id": info.token_id,
                "box": info.box,
                "district": info.district,
                "site": info.site,
                "made_by": info.made_by,
                "made_at": iso(info.made_at_us),
                "expires_at": iso(info.expires_at_us),
                "used_at": iso(info.used_at_us),
                "revoked_at": iso(info.revoked_at_us),
            }
            for info in enrolment.tokens()
        ]
        return json_answer({"items": items})

    @router.delete(
        "/v1/enrolment/tokens/{token_id}",
        summary="Make a token that was not used worthless",
        status_code=204,
        response_class=Response,
        responses=documented(*_READING, NotFound),
    )
    def revoke_token(token_id: str, _caller: manager) -> Response:
        """Revoke a token."""
        enrolment.revoke_token(token_id, services.clock.now())
        return Response(status_code=204)

    @router.post(
        "/v1/enrol",
        summary="Take a one-time token for a login at the hub and a key",
        dependencies=[Depends(gate.stranger)],
        response_class=Response,
        responses=documented(*_WRITING),
    )
    async def enrol(request: Request) -> Response:
        """Return password and key, once; the token is the caller's only proof."""
        asked = decoded(await json_body(request), _EnrolRequest)

        def take() -> Enrolled:
            now = services.clock.now()
            enrolled = enrolment.enrol(asked.token, now)
            found = register.find(EntryKind.BOX, enrolled.box)
            entry = None if found is None else found.entry
            if isinstance(entry, BoxEntry) and entry.lifecycle is Lifecycle.PLANNED:
                active = msgspec.structs.replace(entry, lifecycle=Lifecycle.ACTIVE)
                register.put([active], now, enrolled.box)
            return enrolled

        enrolled = await run_in_threadpool(take)
        return json_answer(enrolled, headers={"Cache-Control": "no-store"})

    @router.delete(
        "/v1/boxes/{box}/login",
        summary="Take a box's login and key away",
        status_code=204,
        response_class=Response,
        responses=documented(*_READING, NotFound),
    )
    def revoke_box(box: _BoxPath, caller: manager) -> Response:
        """Revoke a box: the hub cuts its session off within seconds."""
        enrolment.revoke_box(box, services.clock.now(), by=caller.name)
        return Response(status_code=204)

    @router.get(
        "/v1/hub/logins",
        summary="Read which boxes may log in to the hub, with hashes of their passwords",
        response_class=Response,
        responses={304: {"description": "Nothing changed."}, **documented(*_READING)},
    )
    def get_logins(request: Request, _caller: hub) -> Response:
        """Return all logins; the ETag is the revision of the latest change."""
        unchanged = not_modified(request, enrolment.revision())
        if unchanged is not None:
            return unchanged
        found = enrolment.logins()
        headers = {"ETag": f'"{found.revision}"', "Cache-Control": "no-store"}
        return json_answer(found, headers=headers)


def _report_routes(router: APIRouter, services: Services) -> None:
    reader = Annotated[Identity, Depends(Require(services.callers, READ))]
    poster = Annotated[Identity, Depends(Require(services.callers, POST_EVENTS))]
    reports, desired = FleetReports(services.store), DesiredConfigs(services.store)
    book = PackBook(services.store)
    enrolment = Enrolment(services.store, services.keys)

    @router.post(
        "/v1/fleet/reports",
        summary="Tell what a gateway knows of its boxes",
        response_class=Response,
        responses=documented(*_WRITING),
    )
    async def post_report(request: Request, _caller: poster) -> Response:
        """Keep what is newer than what was known; the same again changes nothing."""
        report: FleetReport = decoded(await json_body(request), FleetReport)

        def take() -> int:
            if report.packs is not None:
                book.take(report.gateway, report.packs, services.clock.now())
            return reports.take(report)

        taken = await run_in_threadpool(take)
        return json_answer({"taken": taken})

    @router.get(
        "/v1/fleet/boxes/{box}",
        summary="Read how a box is doing",
        response_model=BoxStateView,
        responses=documented(*_READING, NotFound),
    )
    def get_state(box: _BoxPath, _caller: reader) -> Response:
        """Return the last report of a box, its login and its configuration's versions."""
        state = reports.states([box]).get(box)
        versions = desired.versions([box]).get(box)
        if state is None and versions is None and not enrolment.enrolled(box):
            raise NotFound(f"nothing was heard of box {box!r}; see GET /v1/boxes")
        return json_answer(
            {
                "box": box,
                "enrolled": enrolment.enrolled(box),
                "desired_version": None if versions is None else versions[0],
                "report": state,
            }
        )

    @router.get(
        "/v1/fleet/orders",
        summary="List orders of rules to devices, newest first",
        response_class=Response,
        responses=documented(*_READING),
    )
    def get_orders(
        _caller: reader,
        event_id: Annotated[str | None, Query(pattern=r"^[0-9a-f-]{36}$")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> Response:
        """Return what became of each order; of one event only where one is named."""
        found = reports.orders(event_id=event_id, limit=limit)
        return json_answer({"items": found})

    @router.get(
        "/v1/online-rates",
        summary="Read the online rate by class and district",
        response_model=RatesView,
        responses=documented(*_READING),
    )
    def get_rates(_caller: reader) -> Response:
        """Return one row for each class and district; ``ratio`` is null where nothing is measured."""
        return json_answer({"items": reports.rates(services.clock.now())})
