"""The registry of devices and boxes: reading it, changing it, as tables, and for pollers."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from cloud_api.access import READ, Gate, Require
from cloud_api.devices.derived import renew_priorities
from cloud_api.devices.desired import DesiredConfigs
from cloud_api.devices.reading import entry_from, object_from
from cloud_api.devices.register import (
    DeviceRegister,
    Entry,
    EntryFilter,
    EntryKind,
    Registered,
    entry_id,
)
from cloud_api.devices.sheet import ImportReport, compare, read_sheet, write_sheet
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
from cloud_api.keys import Identity, Role
from cloud_api.model_registry.renewal import renew_models
from cloud_api.routes.answers import documented, if_match, json_body
from cloud_api.services import Services
from contracts.registry import BoxEntry, DeviceEntry, Lifecycle

__all__ = ["MANAGE", "POLL", "devices_router", "districts_of", "json_answer", "not_modified"]

MANAGE = frozenset({Role.ADMIN})
POLL = READ | {Role.GATEWAY}

_ID = r"^[a-z0-9-]{1,64}$"
_IdPath = Annotated[str, Path(pattern=_ID)]
_IdQuery = Annotated[str | None, Query(pattern=_ID)]
_KINDS: dict[EntryKind, type[Entry]] = {
    EntryKind.DEVICE: DeviceEntry,
    EntryKind.BOX: BoxEntry,
}
_SHEET_PAGE = 5_000
_READING = (Unauthenticated, Forbidden, InvalidInput, StoreUnavailable)
_WRITING = (*_READING, MalformedJson, UnsupportedMedia)


def json_answer(
    value: object, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Return a value as JSON."""
    return Response(
        msgspec.json.encode(value),
        status_code=status,
        media_type="application/json",
        headers=headers,
    )


def not_modified(request: Request, revision: int) -> Response | None:
    """Return 304 when the caller knows this revision already (If-None-Match)."""
    asked = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in asked.split(",")}
    if str(revision) not in tags:
        return None
    return Response(status_code=304, headers={"ETag": f'"{revision}"'})


def districts_of(given: str | None) -> tuple[str, ...]:
    """Return a comma-separated list of districts; none for None."""
    return tuple(name for name in (given or "").split(",") if name)


def _shown(found: Registered) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(found.entry)
    return shown | {"lifecycle": found.entry.lifecycle.value, "revision": found.revision}


def devices_router(services: Services, _gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/devices``, ``/v1/boxes`` and ``/v1/registry``."""
    router = APIRouter(tags=["fleet"])
    register = DeviceRegister(services.store)
    _registry_routes(router, services, register)
    for kind, path in ((EntryKind.DEVICE, "devices"), (EntryKind.BOX, "boxes")):
        _entry_routes(router, services, register, kind, path)
        _sheet_routes(router, services, register, kind, path)
    return router


def _put(services: Services, register: DeviceRegister, entries: Sequence[Entry], by: str) -> None:
    """Register entries, and let their boxes know of new priorities and models."""
    former = register.known(EntryKind.DEVICE, entries)
    now = services.clock.now()
    register.put(entries, now, by)
    boxes = [entry.box for entry in (*entries, *former.values()) if entry.box is not None]
    desired = DesiredConfigs(services.store)
    renew_priorities(register, desired, boxes, now, by)
    new = [entry for entry in entries if isinstance(entry, BoxEntry)]
    renew_models(services.models, desired, new, now, by=by, reason="models of the registry")


def _registry_routes(router: APIRouter, services: Services, register: DeviceRegister) -> None:
    poller = Annotated[Identity, Depends(Require(services.callers, POLL))]

    @router.get(
        "/v1/registry",
        summary="Follow the registry: what changed after a revision",
        response_class=Response,
        responses={304: {"description": "Nothing changed."}, **documented(*_READING)},
    )
    def get_changes(
        request: Request,
        _caller: poller,
        since: Annotated[int, Query(ge=0)] = 0,
        districts: Annotated[str | None, Query(max_length=4000)] = None,
        limit: Annotated[int, Query(ge=1, le=20_000)] = 5_000,
    ) -> Response:
        """Return a page of changes; ask again with ``since`` its revision until ``complete``.

        The ETag is the revision of the latest change: send it as If-None-Match to poll for nothing.
        """
        unchanged = not_modified(request, register.revision())
        if unchanged is not None:
            return unchanged
        page = register.changes(since, districts_of(districts), limit=limit)
        headers = {"ETag": f'"{page.revision}"'} if page.complete else {}
        return json_answer(page, headers=headers)


def _entry_routes(
    router: APIRouter, services: Services, register: DeviceRegister, kind: EntryKind, path: str
) -> None:
    """Add list, get, put and delete of one kind of entry."""
    reader = Annotated[Identity, Depends(Require(services.callers, POLL))]
    manager = Annotated[Identity, Depends(Require(services.callers, MANAGE))]
    singular = kind.value

    @router.get(
        f"/v1/{path}",
        summary=f"List {path} of the registry by id",
        response_class=Response,
        responses=documented(*_READING),
    )
    def get_list(
        _caller: reader,
        district: _IdQuery = None,
        site: _IdQuery = None,
        box: _IdQuery = None,
        profile: Annotated[str | None, Query(max_length=64)] = None,
        lifecycle: Lifecycle | None = None,
        cursor: _IdQuery = None,
        limit: Annotated[int, Query(ge=1, le=services.config.page_size)] = 50,
    ) -> Response:
        """Return one page of entries; ``next_cursor`` goes on behind it."""
        chosen = EntryFilter(district, site, box, profile, lifecycle)
        found = register.list(kind, chosen, after=cursor or "", limit=limit + 1)
        page = found[:limit]
        more = entry_id(page[-1].entry) if len(found) > limit else None
        return json_answer({"items": [_shown(item) for item in page], "next_cursor": more})

    @router.get(
        f"/v1/{path}/{{name}}",
        summary=f"Read one {singular} of the registry",
        response_class=Response,
        responses=documented(*_READING, NotFound),
    )
    def get_one(name: _IdPath, _caller: reader) -> Response:
        """Return an entry; the ETag is the revision of its last change."""
        found = register.get(kind, name)
        return json_answer(_shown(found), headers={"ETag": f'"{found.revision}"'})

    @router.put(
        f"/v1/{path}/{{name}}",
        summary=f"Register a {singular}, or change it",
        response_class=Response,
        responses=documented(*_WRITING, VersionMismatch),
    )
    async def put_one(name: _IdPath, request: Request, caller: manager) -> Response:
        """Put a whole entry; with If-Match only over the revision that the caller has seen."""
        entry = entry_from(object_from(await json_body(request)), _KINDS[kind], name)
        seen = if_match(request)

        def put() -> Registered:
            before = register.find(kind, name)
            if seen is not None and (before.revision if before else 0) != seen:
                raise VersionMismatch(
                    f"{singular} {name!r} has changed since revision {seen}; read it again"
                )
            _put(services, register, [entry], caller.name)
            return register.get(kind, name)

        stored = await run_in_threadpool(put)
        return json_answer(_shown(stored), headers={"ETag": f'"{stored.revision}"'})

    @router.delete(
        f"/v1/{path}/{{name}}",
        summary=f"Strike a {singular} off the registry",
        status_code=204,
        response_class=Response,
        responses=documented(*_READING, NotFound),
    )
    def delete_one(name: _IdPath, caller: manager) -> Response:
        """Remove an entry; ``lifecycle: retired`` keeps its history and is mostly what is meant."""
        former = register.get(kind, name).entry
        now = services.clock.now()
        register.remove(kind, name, now, caller.name)
        if former.box is not None:
            desired = DesiredConfigs(services.store)
            renew_priorities(register, desired, [former.box], now, caller.name)
        return Response(status_code=204)


def _sheet_routes(
    router: APIRouter, services: Services, register: DeviceRegister, kind: EntryKind, path: str
) -> None:
    """Add the table of one kind of entry: out, and in with a dry run."""
    reader = Annotated[Identity, Depends(Require(services.callers, POLL))]
    manager = Annotated[Identity, Depends(Require(services.callers, MANAGE))]
    struct = _KINDS[kind]

    @router.get(
        f"/v1/registry/{path}.csv",
        summary=f"Export all {path} as CSV",
        response_class=Response,
        responses=documented(*_READING),
    )
    def export(_caller: reader, district: _IdQuery = None) -> Response:
        """Return the whole table with a header line."""
        entries: list[Entry] = []
        while True:
            after = entry_id(entries[-1]) if entries else ""
            page = register.list(kind, EntryFilter(district), after=after, limit=_SHEET_PAGE)
            entries.extend(item.entry for item in page)
            if len(page) < _SHEET_PAGE:
                break
        return Response(write_sheet(entries, struct), media_type="text/csv; charset=utf-8")

    @router.post(
        f"/v1/registry/{path}.csv",
        summary=f"Import {path} from CSV, all lines or none",
        response_class=Response,
        responses=documented(*_WRITING),
    )
    async def load(request: Request, caller: manager, dry_run: bool = True) -> Response:
        """Tell what an import comes to, and do it with ``dry_run=false`` if no line is faulty."""
        try:
            text = (await request.body()).decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidInput(f"body: {error}; expected UTF-8") from error

        def run() -> ImportReport:
            entries, faults = read_sheet(text, struct)
            report = compare(entries, register.known(kind, entries), faults, dry_run=dry_run)
            if not dry_run and not faults:
                _put(services, register, entries, caller.name)
            return report

        report = await run_in_threadpool(run)
        return json_answer(report, status=422 if report.faults and not dry_run else 200)
