"""Cameras: list, picture on order, zones and lines that go to the box as desired configuration."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.concurrency import run_in_threadpool

from cloud_api.access import Gate
from cloud_api.audit.recording import actor_of
from cloud_api.cameras.roll import CameraRoll, KnownCamera
from cloud_api.cameras.scene import PARTS, delivery_of, desired_scene, with_scene
from cloud_api.cameras.scene_trial import check_scene, refuse_faults, try_scene
from cloud_api.cameras.snapshots import Picture
from cloud_api.cameras.views import (
    CameraDetail,
    CameraList,
    CameraView,
    PictureView,
    SceneBody,
    SceneCheckBody,
    SceneCheckView,
    SceneSaved,
    SceneTrialBody,
    SceneTrialView,
    SnapshotView,
    VersionView,
)
from cloud_api.devices.derived import priorities_of, with_priorities
from cloud_api.devices.desired import DesiredConfigs
from cloud_api.devices.register import DeviceRegister
from cloud_api.errors import (
    Forbidden,
    HubUnavailable,
    InvalidInput,
    MalformedJson,
    NotFound,
    StoreUnavailable,
    ToolMissing,
    TrialsBusy,
    TrialTooLong,
    Unauthenticated,
    UnsupportedMedia,
    VersionMismatch,
)
from cloud_api.instants import from_us
from cloud_api.keys import Identity
from cloud_api.model_registry.rollout import with_models
from cloud_api.packs.book import PackBook
from cloud_api.packs.shelf import PackShelf
from cloud_api.routes.answers import documented, if_match
from cloud_api.services import Services
from contracts.registry import BoxEntry, DesiredConfig

__all__ = ["cameras_router"]

_CameraPath = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,64}$", description="Id of the camera.")]
_READING = (Unauthenticated, Forbidden, InvalidInput, StoreUnavailable)
_WRITING = (*_READING, MalformedJson, UnsupportedMedia, NotFound)
_TRYING = (TrialsBusy, TrialTooLong, ToolMissing)
_HISTORY = 20


def cameras_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/cameras``."""
    router = APIRouter(tags=["cameras"])
    roll = CameraRoll(services.store, services.snapshots)
    _reading_routes(router, services, gate, roll)
    _scene_routes(router, services, gate, roll)
    _snapshot_routes(router, services, gate, roll)
    return router


def _reading_routes(router: APIRouter, services: Services, gate: Gate, roll: CameraRoll) -> None:
    reader = Annotated[Identity, Depends(gate.read)]
    desired = DesiredConfigs(services.store)

    @router.get(
        "/v1/cameras",
        summary="List cameras with their health and latest picture",
        responses=documented(*_READING),
    )
    def get_cameras(
        caller: reader, district: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None
    ) -> CameraList:
        """Return every camera of the registry, by id."""
        now = services.clock.now()
        known = roll.all(district)
        pictures = roll.pictures(one.entry.device for one in known)
        wanted = {one.box.box: desired.newest(one.box.box) for one in known if one.box is not None}
        items = [
            _shown(
                one,
                None if one.box is None else wanted[one.box.box],
                _linked(services, pictures.get(one.entry.device), caller, now),
            )
            for one in known
        ]
        return CameraList(items=items, now=now)

    @router.get(
        "/v1/cameras/{camera}",
        summary="Read a camera with what is drawn on its picture",
        responses=documented(*_READING, NotFound),
    )
    def get_camera(camera: _CameraPath, caller: reader) -> CameraDetail:
        """Return zones, lines, masks and ground points as they shall be, and as they run."""
        known = roll.get(camera)
        wanted = None if known.box is None else desired.newest(known.box.box)
        report = known.report
        running = _running(known)
        drawn = {} if running is None else running.model_dump()
        picture = roll.pictures([camera]).get(camera)
        shown = _shown(known, wanted, _linked(services, picture, caller, services.clock.now()))
        history = [] if known.box is None else desired.history(known.box.box, limit=_HISTORY)
        return CameraDetail(
            **shown.model_dump(),
            version=0 if wanted is None else wanted.version,
            reported_version=None if report is None else report.config_version,
            scene=_scene(drawn | desired_scene(wanted, camera)),
            running=running,
            versions=[
                VersionView(
                    version=item.config.version,
                    made_at=from_us(item.made_at_us),
                    made_by=item.made_by,
                    reason=item.reason,
                )
                for item in history
            ],
            stored_data=services.config.trials.data is not None,
        )


def _scene_routes(router: APIRouter, services: Services, gate: Gate, roll: CameraRoll) -> None:
    actor = Annotated[Identity, Depends(gate.act)]
    manager = Annotated[Identity, Depends(gate.manage)]
    desired, register = DesiredConfigs(services.store), DeviceRegister(services.store)
    shelf = PackShelf(PackBook(services.store))

    @router.post(
        "/v1/cameras/{camera}/check",
        summary="Ask what the box would say to a scene, without sending it",
        responses=documented(*_WRITING, *_TRYING),
    )
    def check(camera: _CameraPath, asked: SceneCheckBody, _caller: actor) -> SceneCheckView:
        """Return every fault, and what the ground points amount to, by the code that boxes run."""
        roll.get(camera)
        return check_scene(services.bench, asked)

    @router.post(
        "/v1/cameras/{camera}/trial",
        summary="Try a scene that is only drawn on the tracks that the camera told",
        responses=documented(*_WRITING, *_TRYING),
    )
    def trial(camera: _CameraPath, asked: SceneTrialBody, _caller: actor) -> SceneTrialView:
        """Return what the box would have told, and which events the rules in force would have raised."""
        known = roll.get(camera)
        since = services.clock.now() - timedelta(hours=asked.hours)
        packs = shelf.running()
        return try_scene(services.bench, camera, asked, _running(known), packs, since)

    @router.put(
        "/v1/cameras/{camera}/scene",
        summary="Send a scene to the camera's box as desired configuration",
        responses=documented(*_WRITING, *_TRYING, VersionMismatch),
    )
    async def put_scene(
        camera: _CameraPath,
        scene: SceneBody,
        request: Request,
        caller: manager,
        reason: Annotated[str, Query(min_length=1, max_length=500)],
    ) -> SceneSaved:
        """Make a new version; with If-Match only over the version that the caller has seen."""
        seen = if_match(request)

        def make() -> DesiredConfig:
            box = _box_of(roll.get(camera))
            refuse_faults(services.bench, scene)
            newest = desired.newest(box.box)
            former = {} if newest is None else newest.config
            config = with_scene(former, camera, scene.model_dump())
            return desired.set(
                box,
                with_models(
                    with_priorities(config, priorities_of(register, box.box)),
                    services.models.wishes([box])[box.box],
                ),
                services.clock.now(),
                by=caller.name,
                reason=reason,
                version=(0 if newest is None else newest.version) if seen is None else seen,
            )

        made = await run_in_threadpool(make)
        return SceneSaved(box=made.box, version=made.version)


def _snapshot_routes(router: APIRouter, services: Services, gate: Gate, roll: CameraRoll) -> None:
    actor = Annotated[Identity, Depends(gate.act)]
    desk = services.snapshots

    @router.post(
        "/v1/cameras/{camera}/snapshots",
        summary="Order a picture of what a camera sees now",
        status_code=202,
        responses=documented(*_READING, NotFound, HubUnavailable),
    )
    def order(camera: _CameraPath, _caller: actor) -> SnapshotView:
        """Tell the box; its answer is read by the order's id."""
        found = desk.order(_box_of(roll.get(camera)), camera, services.clock.now())
        return SnapshotView(order=found, state="waiting", detail="", picture=None)

    @router.get(
        "/v1/cameras/{camera}/snapshots/{order}",
        summary="Read what became of an order for a picture",
        responses=documented(*_READING, NotFound),
    )
    def ordered(
        camera: _CameraPath,
        order: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")],
        caller: actor,
    ) -> SnapshotView:
        """Return the picture once the box has answered and it is stored."""
        result = desk.result(camera, order)
        if result is not None and not result.ok:
            return SnapshotView(order=order, state="refused", detail=result.detail, picture=None)
        picture = None
        if result is not None and result.evidence:
            sha256 = result.evidence[-1].sha256
            if services.evidence.find(sha256) is not None:
                seen = Picture(sha256=sha256, captured_at=result.evidence[-1].captured_at)
                picture = _linked(services, seen, caller, services.clock.now())
        return SnapshotView(
            order=order, state="waiting" if picture is None else "done", detail="", picture=picture
        )


def _box_of(known: KnownCamera) -> BoxEntry:
    if known.box is None:
        raise NotFound(
            f"no registered box speaks for camera {known.entry.device!r}; name it in the registry "
            "(PUT /v1/devices/{name}, field box), or register the box"
        )
    return known.box


def _linked(
    services: Services, picture: Picture | None, caller: Identity, now: datetime
) -> PictureView | None:
    if picture is None:
        return None
    href = services.links.path(picture.sha256, actor_of(caller), now)
    return PictureView(href=href, captured_at=picture.captured_at)


def _running(known: KnownCamera) -> SceneBody | None:
    """Return what a camera's box says that runs; None: it has not said."""
    reported = None if known.report is None else known.report.scenes.get(known.entry.device)
    return None if reported is None else _scene(reported)


def _scene(parts: dict[str, object]) -> SceneBody:
    return SceneBody.model_validate({part: parts.get(part) or [] for part in PARTS})


def _shown(
    known: KnownCamera, wanted: DesiredConfig | None, picture: PictureView | None
) -> CameraView:
    entry, report, state = known.entry, known.report, known.state
    online = report is not None and report.online
    health = "unknown"
    if report is not None and not online:
        health = "down"
    elif state is not None:
        health = "down" if not state.up else "flawed" if state.flaws else "up"
    delivery = delivery_of(wanted, report, entry.device)
    place = entry.place
    return CameraView.model_validate(
        {
            "camera": entry.device,
            "name": entry.name,
            "district": entry.district,
            "site": entry.site,
            "lifecycle": entry.lifecycle.value,
            "box": None if known.box is None else known.box.box,
            "place": None if place is None else msgspec.structs.asdict(place),
            "state": health,
            "flaws": list(state.flaws) if state is not None and online else [],
            "fps": state.fps if state is not None and online else None,
            "heard_at": None if report is None else report.heard_at,
            "delivery": delivery.state.value,
            "delivery_reason": delivery.reason,
            "picture": picture,
        }
    )
