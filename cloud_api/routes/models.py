"""Models: publishing, promoting, rolling out, fetching, and how far boxes have come."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse

from cloud_api.access import READ, Gate, Require, Sees
from cloud_api.devices.desired import DesiredConfigs
from cloud_api.devices.register import DeviceRegister
from cloud_api.devices.reports import FleetReports
from cloud_api.errors import (
    BodyTooLarge,
    EvidenceFull,
    Forbidden,
    InvalidInput,
    MalformedJson,
    ModelConflict,
    NotFound,
    RequestTimeout,
    StoreUnavailable,
    Unauthenticated,
    UnsupportedMedia,
)
from cloud_api.instants import iso
from cloud_api.keys import Identity, Role
from cloud_api.model_registry.registry import ModelRegistry, Published, RolloutMade, Stage
from cloud_api.model_registry.renewal import all_boxes, renew_models
from cloud_api.model_registry.rollout import MODELS, Rollout
from cloud_api.routes.answers import documented, json_body
from cloud_api.routes.devices import MANAGE, json_answer
from cloud_api.routes.fleet import decoded
from cloud_api.routes.model_views import (
    BoxProgressPage,
    MadeRolloutView,
    ModelDetail,
    ModelPage,
    ModelVersion,
)
from cloud_api.services import Services
from contracts.registry import BoxReport

__all__ = ["FETCH", "models_router"]

FETCH = frozenset({Role.BOX, Role.OPERATOR, Role.ADMIN})
"""Who may fetch a bundle: boxes do all day."""

_ModelPath = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,64}$", description="Id of the model.")]
_VersionPath = Annotated[
    str, Path(pattern=r"^[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}(-[0-9a-z.-]{1,32})?$")
]
_Reason = Annotated[str, Query(min_length=1, max_length=500)]
_READING = (Unauthenticated, Forbidden, InvalidInput, StoreUnavailable)
_WRITING = (*_READING, MalformedJson, UnsupportedMedia, NotFound, ModelConflict)
_MEDIA_TYPE = "application/octet-stream"
_COUNTED = ("models_", "shadow_", "drift_", "hard_")


_BYTES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": said,
        "content": {_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
    for status, said in ((200, "The bytes."), (206, "A part of them."))
}


class _StageRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of a promotion."""

    stage: Stage


def models_router(services: Services, _gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/models``."""
    router = APIRouter(tags=["models"])
    _bundle_routes(router, services, services.models)
    _list_routes(router, services, services.models)
    _rollout_routes(router, services, services.models)
    return router


def _bundle_routes(router: APIRouter, services: Services, models: ModelRegistry) -> None:
    manager = Annotated[Identity, Depends(Require(services.callers, MANAGE))]
    fetcher = Annotated[Identity, Depends(Require(services.callers, FETCH, sees=Sees.COMMON))]

    @router.put(
        "/v1/models/{model}/versions/{version}/bundle",
        summary="Publish a signed bundle; the same again changes nothing",
        response_class=Response,
        responses={
            201: {"description": "It is published."},
            **documented(
                *_READING,
                UnsupportedMedia,
                ModelConflict,
                BodyTooLarge,
                RequestTimeout,
                EvidenceFull,
            ),
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    async def put_bundle(
        model: _ModelPath, version: _VersionPath, request: Request, caller: manager
    ) -> Response:
        """Keep a bundle that is sound, of this model and version, and above all counters before."""
        if request.headers.get("content-type") != _MEDIA_TYPE:
            raise UnsupportedMedia(f"expected Content-Type {_MEDIA_TYPE}")
        upload = await run_in_threadpool(models.begin)
        with upload:
            async for chunk in request.stream():
                await run_in_threadpool(upload.write, chunk)
            now = services.clock.now()
            found, new = await run_in_threadpool(
                lambda: models.publish(upload, model, version, now=now, by=caller.name)
            )
        return json_answer(_shown(found), status=201 if new else 200)

    @router.get(
        "/v1/models/{model}/versions/{version}/bundle",
        summary="Fetch a bundle, or the rest of one (Range)",
        response_class=FileResponse,
        responses=_BYTES | documented(*_READING, NotFound),
    )
    def get_bundle(model: _ModelPath, version: _VersionPath, _caller: fetcher) -> Response:
        """Return the bytes; the ETag is their SHA-256, so that a download can go on."""
        found = models.get(model, version)
        if found.stage is Stage.WITHDRAWN:
            raise NotFound(f"model {model} {version} was withdrawn")
        path = models.path(found.sha256)
        if not path.is_file():
            raise NotFound(f"the file of model {model} {version} is gone; restore models_dir")
        return FileResponse(path, media_type=_MEDIA_TYPE, headers={"ETag": f'"{found.sha256}"'})


def _list_routes(router: APIRouter, services: Services, models: ModelRegistry) -> None:
    reader = Annotated[Identity, Depends(Require(services.callers, READ, sees=Sees.COMMON))]
    manager = Annotated[Identity, Depends(Require(services.callers, MANAGE))]

    @router.get(
        "/v1/models",
        summary="List all published versions of all models",
        response_model=ModelPage,
        responses=documented(*_READING),
    )
    def get_models(_caller: reader) -> Response:
        """Return every version, by model, highest counter first."""
        return json_answer({"items": [_shown(found) for found in models.list()]})

    @router.get(
        "/v1/models/{model}",
        summary="Read a model: versions, manifests, rollouts",
        response_model=ModelDetail,
        responses=documented(*_READING, NotFound),
    )
    def get_model(model: _ModelPath, _caller: reader) -> Response:
        """Return all that is known of a model."""
        found = models.list(model)
        if not found:
            raise NotFound(f"model {model} is not published; see GET /v1/models")
        return json_answer(
            {
                "model": model,
                "versions": [
                    _shown(one) | {"manifest": msgspec.to_builtins(one.manifest)} for one in found
                ],
                "rollouts": [_made(one) for one in models.rollouts(model, limit=20)],
            }
        )

    @router.post(
        "/v1/models/{model}/versions/{version}/stage",
        summary="Promote a version, or withdraw it",
        response_model=ModelVersion,
        responses=documented(*_WRITING),
    )
    async def post_stage(
        model: _ModelPath, version: _VersionPath, request: Request, _caller: manager
    ) -> Response:
        """Move a version on: published, released, withdrawn."""
        wanted: _StageRequest = decoded(await json_body(request), _StageRequest)
        found = await run_in_threadpool(models.promote, model, version, wanted.stage)
        return json_answer(_shown(found))


def _rollout_routes(router: APIRouter, services: Services, models: ModelRegistry) -> None:
    reader = Annotated[Identity, Depends(Require(services.callers, READ))]
    manager = Annotated[Identity, Depends(Require(services.callers, MANAGE))]
    register, desired = DeviceRegister(services.store), DesiredConfigs(services.store)
    reports = FleetReports(services.store)

    @router.put(
        "/v1/models/{model}/rollout",
        summary="Say which boxes should run which version of a model",
        response_model=MadeRolloutView,
        responses=documented(*_WRITING),
    )
    async def put_rollout(
        model: _ModelPath, request: Request, caller: manager, reason: _Reason
    ) -> Response:
        """Make these the rules, and bring them into the desired configuration of every box."""
        rollout: Rollout = decoded(await json_body(request), Rollout)

        def roll_out() -> object:
            now = services.clock.now()
            made = models.roll_out(model, rollout, now, by=caller.name, reason=reason)
            changed = renew_models(
                models,
                desired,
                all_boxes(register),
                now,
                by=caller.name,
                reason=f"rollout {made.number} of {model}",
            )
            return _made(made) | {"boxes_changed": changed}

        return json_answer(await run_in_threadpool(roll_out))

    @router.get(
        "/v1/models/{model}/boxes",
        summary="Read how far boxes have come with a model",
        response_model=BoxProgressPage,
        responses=documented(*_READING, NotFound),
    )
    def get_boxes(model: _ModelPath, _caller: reader) -> Response:
        """Return what every box should run, runs, and says; with its counters of models and shadow."""
        if not models.list(model):
            raise NotFound(f"model {model} is not published; see GET /v1/models")
        boxes = all_boxes(register)
        names = [box.box for box in boxes]
        wishes, states = models.wishes(boxes), reports.states(names)
        items = [
            _progress(model, name, wishes[name].get(model, {}), states.get(name)) for name in names
        ]
        told = [item for item in items if item["wished"] or item["runs"]]
        return json_answer({"model": model, "items": told})


def _progress(
    model: str, box: str, wish: dict[str, Any], state: BoxReport | None
) -> dict[str, Any]:
    counters = {} if state is None else state.counters
    return {
        "box": box,
        "online": state is not None and state.online,
        "wished": wish.get("active", {}).get("version"),
        "shadow_wished": wish.get("candidate", {}).get("version"),
        "runs": None if state is None else state.versions.get(f"bundle.{model}"),
        "shadow_runs": None if state is None else state.versions.get(f"shadow.{model}"),
        "says": None if state is None else state.sections.get(f"{MODELS}.{model}"),
        "shadow_disagreement": _disagreement(counters),
        "counters": {name: count for name, count in counters.items() if name.startswith(_COUNTED)},
    }


def _disagreement(counters: Mapping[str, int]) -> float | None:
    """Return the share (0..1) of things about which candidate and incumbent differ; None: unknown."""
    matched = counters.get("shadow_matched", 0)
    disputed = sum(
        counters.get(f"shadow_{kind}", 0)
        for kind in ("renamed", "only_incumbent", "only_candidate")
    )
    total = matched + disputed
    return round(disputed / total, 4) if total else None


def _shown(found: Published) -> dict[str, Any]:
    return {
        "model": found.model,
        "version": found.version,
        "counter": found.counter,
        "stage": found.stage.value,
        "sha256": found.sha256,
        "size_bytes": found.size_bytes,
        "licence": found.manifest.licence,
        "labels": found.manifest.labels,
        "signers": found.signers,
        "published_at": iso(found.published_at_us),
        "published_by": found.published_by,
    }


def _made(made: RolloutMade) -> dict[str, Any]:
    return {
        "number": made.number,
        "made_at": iso(made.made_at_us),
        "made_by": made.made_by,
        "reason": made.reason,
        "rules": msgspec.to_builtins(made.rollout.rules),
    }
