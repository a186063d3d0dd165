"""Configuration of a box: one YAML file, checked before anything starts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import shapely
from msgspec import Meta, Struct
from shapely.validation import explain_validity

from contracts.envelope import Id, Place
from contracts.profiles import PROFILES
from edge.analytics.calibration import CalibrationError
from edge.camera_config import CameraConfig
from edge.evidence.config import EvidenceConfig
from edge.ground_view import calibration_of
from edge.health.config import GuardConfig, LocalConfig
from edge.model_store.config import ModelStoreConfig, ModelWish
from edge.second_look.config import SecondLookConfig
from edge.sensor_build import sensor_fault
from edge.sensors.config import LoadConfig, PluginConfig, SensorConfig, SimulatedConfig
from edge.sensors.first_gate import FirstGateConfig
from edge.sensors.wire_config import ListenConfig
from edge.source_config import PixelFormat, SourceConfig
from edge.vision_config import VisionConfig
from runtime.clock import ClockConfig
from runtime.mqtt_session import MqttConfig
from runtime.outbox import OutboxConfig
from runtime.yaml_document import Document, convert, load_document

__all__ = [
    "ApiConfig",
    "BoxConfig",
    "EdgeConfig",
    "check_edge_config",
    "load_edge_config",
]


_USUAL_ASPECT = 16.0 / 9.0
"""Whether points lie in a line does not hang on the picture's shape, so any serves for the check."""


class BoxConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who this box is. The hub's permissions hang on it."""

    district: Id
    """District, first level of the box's topics."""
    site: Id
    """Street or site, second level."""
    box: Id
    """Identity of the box, third level; unique in the city."""
    place: Place | None = None
    """Where it stands, WGS 84. Default: unknown."""


class ApiConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where evidence is uploaded."""

    url: Annotated[str, Meta(pattern=r"^https?://")]
    """Base address of the case API, without /v1."""
    key_file: str | None = None
    """File that holds the API key, relative to the configuration file. Default: none."""
    timeout_s: Annotated[float, Meta(gt=0.0)] = 10.0
    """Seconds for connecting, and for each read and write. Default: 10 s."""


class EdgeConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A box: who it is, whom it speaks to, what it looks at."""

    box: BoxConfig
    """Identity."""
    hub: MqttConfig | None = None
    """MQTT hub. Needed by ``run``; ``replay`` does without. Default: none."""
    api: ApiConfig | None = None
    """Case API. Without it no pictures are taken. Default: none."""
    clock: ClockConfig | None = None
    """Scaled clock for demonstrations. Default: the machine's clock."""
    outbox: OutboxConfig = OutboxConfig()
    """Messages on disk until the gateway has them; the path is relative to the configuration
    file. Open episodes are kept beside it, in ``{path}.episodes``."""
    evidence: EvidenceConfig = EvidenceConfig()
    """Pictures on disk until the API has them."""
    cameras: tuple[CameraConfig, ...] = ()
    """Cameras."""
    local: LocalConfig | None = None
    """Figures (Prometheus) and preview over HTTP on this machine. Default: none."""
    guards: GuardConfig = GuardConfig()
    """What is given up, in which order, before heat or a full disk stops the box."""
    model_store: ModelStoreConfig = ModelStoreConfig()
    """Whose signed models are taken, and where they lie. Only this file can say it."""
    models: dict[Id, ModelWish] = {}
    """Signed models to run, by the name that cameras give in ``detector.bundle``; mostly desired by the
    API. Default: none."""
    second_look: SecondLookConfig | None = None
    """Pictures that the box offers for review, and its watch over drift; needs ``api``. Default: none."""
    vision: VisionConfig = VisionConfig()
    """Which processes decode and infer."""
    sensors: tuple[SensorConfig, ...] = ()
    """Sensors, each by its ``driver``: modbus, http, mqtt, host, replay, simulated or load."""
    quality: tuple[FirstGateConfig, ...] = ()
    """What the box itself holds against values of its sensors, beyond the ranges of their profiles.
    It flags and never drops. Default: the ranges alone."""
    priorities: dict[Id, Annotated[int, Meta(ge=0, le=9)]] = {}
    """Priority by sensor, where it is not the profile's; 0 sends its readings down the urgent lane.
    Default: none."""
    status_every_s: Annotated[float, Meta(gt=0.0)] = 30.0
    """Seconds between two heartbeats. Default: 30 s."""
    update_every_s: Annotated[float, Meta(gt=0.0)] = 10.0
    """Least seconds between two updates of one observation. Default: 10 s."""
    log_level: str = "info"
    """debug, info, warning or error. Default: info."""


def load_edge_config(path: Path) -> EdgeConfig:
    """Return the configuration in a YAML file.

    Raises:
        ConfigError: what is wrong, with file, line and column.
    """
    return check_edge_config(load_document(path))


def check_edge_config(document: Document) -> EdgeConfig:
    """Return a document as a configuration, checked also for what types cannot say.

    Raises:
        ConfigError: a value of the wrong type or range, an unknown key, an id used twice, a
            source without or with two addresses, a polygon that crosses itself, a line without
            length, an unknown device profile or field.
    """
    config = convert(document, EdgeConfig)
    _check_unique(document, ("cameras",), [camera.id for camera in config.cameras])
    for number, camera in enumerate(config.cameras):
        _check_camera(document, ("cameras", number), camera)
        _check_clip(document, ("cameras", number), camera, config.evidence)
        _check_redaction(document, ("cameras", number), camera, config.evidence)
    for number, sensor in enumerate(config.sensors):
        _check_sensor(document, ("sensors", number), sensor)
    for number, gate in enumerate(config.quality):
        _check_gate(document, ("quality", number), gate)
    return config


def _check_gate(document: Document, path: Sequence[str | int], gate: FirstGateConfig) -> None:
    profile = PROFILES.get(gate.profile)
    if profile is None:
        raise document.error(
            (*path, "profile"),
            f"{gate.profile!r} is no device profile; expected one of {', '.join(PROFILES)}",
        )
    numbers = [field.name for field in profile.fields if field.kind == "number"]
    if gate.field not in numbers:
        raise document.error(
            (*path, "field"),
            f"{gate.field!r} is no number of profile {profile.name}; expected one of "
            f"{', '.join(numbers) or 'none'}",
        )


def _check_unique(document: Document, path: Sequence[str | int], ids: Sequence[str]) -> None:
    for number, name in enumerate(ids):
        if name in ids[:number]:
            raise document.error(
                (*path, number, "id"), f"{name!r} is used twice; expected every id once"
            )


def _check_camera(document: Document, path: Sequence[str | int], camera: CameraConfig) -> None:
    source = camera.source
    named = (source.file, source.rtsp, source.folder, source.device)
    if sum(one is not None for one in named) != 1:
        msg = "expected exactly one of file, rtsp, folder and device"
        raise document.error((*path, "source"), msg)
    if source.ffmpeg is not None and source.file is None and source.rtsp is None:
        msg = "goes with file or rtsp; folders and devices need no decoder"
        raise document.error((*path, "source", "ffmpeg"), msg)
    _check_device(document, (*path, "source"), source)
    if source.rtsp is not None and not source.rtsp.startswith(("rtsp://", "rtsps://")):
        raise document.error((*path, "source", "rtsp"), "expected an address like rtsp://host/path")
    if source.rtsp is not None and "@" in source.rtsp.split("://", 1)[1].split("/", 1)[0]:
        raise document.error(
            (*path, "source", "rtsp"),
            "holds credentials; put the user into username and the password into a file named by "
            "password_file, or an environment variable named by password_env",
        )
    if camera.calibration:
        try:
            calibration_of(camera.calibration, aspect=_USUAL_ASPECT)
        except CalibrationError as error:
            raise document.error((*path, "calibration"), str(error)) from error
    _check_unique(document, (*path, "further_models"), [one.id for one in camera.further_models])
    _check_unique(document, (*path, "zones"), [zone.id for zone in camera.zones])
    _check_unique(document, (*path, "lines"), [line.id for line in camera.lines])
    _check_unique(document, (*path, "masks"), [mask.id for mask in camera.masks])
    for number, mask in enumerate(camera.masks):
        _check_polygon(document, (*path, "masks", number, "polygon"), mask.polygon)
    for number, zone in enumerate(camera.zones):
        _check_polygon(document, (*path, "zones", number, "polygon"), zone.polygon)
        if zone.flow is not None and zone.flow[0] == zone.flow[1]:
            raise document.error(
                (*path, "zones", number, "flow"),
                "goes from a point to itself; expected two points, from where to where the lane leads",
            )
    for number, line in enumerate(camera.lines):
        if line.start == line.end:
            raise document.error(
                (*path, "lines", number, "to"), "is the same point as from; expected a line"
            )


def _check_device(document: Document, path: Sequence[str | int], source: SourceConfig) -> None:
    if source.device is not None:
        if not source.device.startswith("/dev/") or "?" in source.device:
            raise document.error((*path, "device"), "expected a video device, such as /dev/video0")
        return
    asked = {
        "device_size": source.device_size is not None,
        "device_fps": source.device_fps is not None,
        "device_format": source.device_format is not PixelFormat.AUTO,
    }
    for name in (name for name, given in asked.items() if given):
        raise document.error(
            (*path, name), "goes with device: it is what a USB camera is asked for"
        )


def _check_redaction(
    document: Document,
    path: Sequence[str | int],
    camera: CameraConfig,
    evidence: EvidenceConfig,
) -> None:
    policy, where = camera.evidence.redact, (*path, "evidence", "redact")
    if policy.uses_faces and evidence.faces is None:
        raise document.error(where, "needs a face model in evidence.faces; without one take auto")
    if policy.uses_plates and evidence.plates is None:
        raise document.error(where, "needs a plate model in evidence.plates; without one take auto")


def _check_clip(
    document: Document,
    path: Sequence[str | int],
    camera: CameraConfig,
    evidence: EvidenceConfig,
) -> None:
    clip, where = camera.evidence.clip, (*path, "evidence", "clip")
    if clip is None:
        return
    source = camera.source
    if source.folder is not None or source.ffmpeg is not None or source.device is not None:
        raise document.error(
            where, "needs the camera's own stream; folder, device and ffmpeg have none"
        )
    if clip.send:
        return
    if evidence.originals is None:
        raise document.error(
            where, "would be kept nowhere; set evidence.originals, or send for a pixelated one"
        )
    if camera.masks:
        raise document.error(
            where,
            "would be kept nowhere: a clip that is not coded again cannot leave out masks; set send "
            "for a pixelated one, or take clip away",
        )


def _check_polygon(
    document: Document, where: Sequence[str | int], corners: Sequence[tuple[float, float]]
) -> None:
    polygon = shapely.Polygon(corners)
    if not polygon.is_valid:
        reason = explain_validity(polygon)
        raise document.error(
            where, f"{reason}; expected a simple polygon: draw its corners in order"
        )
    if polygon.area <= 0.0:
        raise document.error(where, "covers no area; expected at least three corners apart")


def _check_sensor(document: Document, path: Sequence[str | int], sensor: SensorConfig) -> None:
    if fault := sensor_fault(sensor):
        where, reason = fault
        raise document.error((*path, *where), reason)
    if isinstance(sensor, ListenConfig | PluginConfig):
        return
    profile = PROFILES[sensor.profile]
    if isinstance(sensor, SimulatedConfig):
        numbers = [field.name for field in profile.fields if field.kind == "number"]
        for name in sensor.fields:
            if name not in numbers:
                raise document.key_error(
                    (*path, "fields", name),
                    f"is no number of profile {profile.name}; expected {', '.join(numbers)}",
                )
    if isinstance(sensor, LoadConfig) and not any(
        field.minimum is not None and field.maximum is not None for field in profile.fields
    ):
        raise document.error(
            (*path, "profile"),
            f"{profile.name} has no number with a range to carry the count; try street_lamp",
        )
