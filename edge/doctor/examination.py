"""Everything that ``cityloop edge doctor`` looks at, in order."""

from collections.abc import Iterator
from pathlib import Path

from edge.bootstrap import anchored_hub, camera_address
from edge.clock_offset import clock_offset_s
from edge.config import EdgeConfig, load_edge_config
from edge.doctor.api_check import check_api
from edge.doctor.camera_check import check_camera
from edge.doctor.hub_check import check_hub
from edge.doctor.machine_check import (
    check_clock,
    check_disk,
    check_permissions,
    check_temperature,
)
from edge.doctor.model_check import check_model
from runtime.errors import ConfigError, SecretError
from runtime.finding import Finding, Verdict

__all__ = ["examine"]


def examine(path: Path, *, network: bool = True) -> Iterator[Finding]:
    """Yield one finding after the other, as they are found.

    Args:
        path: the box's configuration.
        network: False leaves out network cameras, hub and API.
    """
    try:
        config = load_edge_config(path)
    except ConfigError as error:
        advice = "put it right there; cityloop edge check shows the next fault"
        if not path.exists():
            advice = (
                "name another file with --config, or write one: cityloop edge init rtsp://CAMERA"
            )
        yield Finding(check="configuration", verdict=Verdict.FAIL, detail=str(error), advice=advice)
        return
    folder = path.resolve().parent
    detail = f"{path}: {len(config.cameras)} cameras, {len(config.sensors)} sensors"
    yield Finding(check="configuration", verdict=Verdict.OK, detail=detail)
    yield from check_permissions(config, path)
    yield check_clock(clock_offset_s())
    yield check_temperature()
    yield from check_disk(config, folder)
    yield from _hub_and_api(config, folder, network=network)
    yield from _cameras(config, folder, network=network)


def _hub_and_api(config: EdgeConfig, folder: Path, *, network: bool) -> Iterator[Finding]:
    if config.hub is None:
        yield Finding(
            check="hub",
            verdict=Verdict.FAIL,
            detail="no hub is configured, so nothing leaves the box",
            advice="enrol the box: cityloop edge enrol",
        )
    elif network:
        yield check_hub(anchored_hub(config.hub, folder))
    if config.api is None:
        yield Finding(
            check="api",
            verdict=Verdict.WARN,
            detail="no API is configured, so no pictures are taken",
            advice="enrol the box: cityloop edge enrol",
        )
    elif network:
        key = config.api.key_file
        yield check_api(config.api, None if key is None else str(folder / key))


def _cameras(config: EdgeConfig, folder: Path, *, network: bool) -> Iterator[Finding]:
    for camera in config.cameras:
        if camera.source.rtsp is not None and not network:
            continue
        try:
            address = camera_address(camera.source, folder)
        except SecretError as error:
            yield Finding(
                check=f"camera {camera.id}",
                verdict=Verdict.FAIL,
                detail=str(error),
                advice="put the camera's password there",
            )
            continue
        finding, seen = check_camera(camera, address)
        yield finding
        yield check_model(camera, folder, None if seen is None else seen.frame)[0]
