"""The only place where a box is put together."""

import hashlib
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from random import Random, SystemRandom

import msgspec
import structlog

from contracts.codec import encode
from contracts.envelope import Channel
from contracts.ids import new_boot_id
from contracts.status import BoxState, Status, SubjectBirth
from contracts.topics import Kind, box_topic
from edge.attention.load_ladder import LoadLadder
from edge.backstage import Backstage
from edge.cameras.ports import CameraSource
from edge.clock_offset import clock_offset_s
from edge.commands import CommandDesk
from edge.config import EdgeConfig
from edge.configurator import Configurator, read_desired
from edge.desired import overlay
from edge.episodes import EpisodeBook
from edge.errors import EdgeError
from edge.evidence.http_store import HttpEvidenceStore
from edge.evidence.ports import EvidenceStore
from edge.evidence_build import build_evidence
from edge.health_build import attach_guards, attach_local, attach_watchdog
from edge.lane_build import LaneParts, build_lane, camera_address, credentialed
from edge.model_store.build import build_keeper
from edge.model_store.keeper import ModelKeeper
from edge.second_look.build import build_second_look
from edge.sensor_build import Surroundings, build_driver
from edge.sensor_lane import SensorLane
from edge.sensors.first_gate import FirstGate
from edge.service import Agent
from edge.vision.ports import Detector
from edge.vision_config import DecoderKind
from edge.workers.build import build_pool
from edge.workers.inference_pool import InferencePool
from edge.workers.nursery import Nursery
from runtime.clock import Clock, SystemClock, build_clock
from runtime.errors import SecretError
from runtime.mqtt_session import MqttConfig, MqttSession
from runtime.outbox import Outbox
from runtime.secret import read_secret
from runtime.session import Session, Will
from runtime.uplink import Uplink

__all__ = ["anchored_hub", "build", "camera_address", "config_sha256", "credentialed"]

_MOST_BIRTHS = 1500
"""Subjects told in a status: 1,500 of 100 bytes stay well below the largest payload."""

_LOG = structlog.get_logger("edge.agent")


def config_sha256(config: EdgeConfig) -> str:
    """Return the SHA-256 of a configuration's values in hex, whatever its file looks like."""
    return hashlib.sha256(msgspec.json.encode(config, order="deterministic")).hexdigest()


def build(
    config: EdgeConfig,
    folder: Path,
    *,
    connect: Callable[[Will], Session] | None = None,
    evidence_store: EvidenceStore | None = None,
    clock: Clock | None = None,
    rng: Random | None = None,
    sources: Mapping[str, CameraSource] | None = None,
    detectors: Mapping[str, Detector] | None = None,
    direct: bool = False,
    reload: Callable[[], EdgeConfig] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Agent:
    """Return a box that is ready to be started.

    What cannot work of a single camera or sensor is named in the log and left out.

    Args:
        config: the box.
        folder: what relative paths in the configuration start from.
        connect: returns the session for a last will; by default an MQTT session with ``hub``.
        evidence_store: where pictures go; by default ``api``, and nowhere without one.
        clock: by default the one that is configured.
        rng: boot id and jitter; by default the machine's.
        sources: cameras to use in place of the configured ones, by id.
        detectors: detectors to use in place of the configured ones, by camera id.
        direct: True runs recorded cameras and uploads within ``step``, by the clock given, so
            that the same input gives the same output.
        reload: reads the box's own file again; None where there is none.
        environment: the process's, for the watchdog of systemd; None knows none.

    Raises:
        OSError: the port of ``local`` is taken.
        ConfigError: there is neither ``hub`` nor ``connect``.
        SecretError: a password or key cannot be read.
        RuntimeFault: the outbox cannot be opened.
        ModelError: no inference worker came up.
    """
    own, desired_path = config, Path(f"{folder / config.outbox.path}.desired.json")
    desired = read_desired(desired_path)
    laid = overlay(own, desired)
    config = laid.config
    configurator = Configurator(
        own=own,
        own_sha256=config_sha256,
        laid=laid,
        desired=desired,
        path=desired_path,
        reload=reload,
    )
    who = config.box
    clock = clock or build_clock(config.clock)
    rng = rng or Random(SystemRandom().getrandbits(64))  # noqa: S311 - ids and jitter, no secrets
    boot_id = new_boot_id(rng)
    will = _last_will(config, boot_id, clock)
    session = connect(will) if connect is not None else _mqtt_session(config, folder, will, rng)
    outbox_config = msgspec.structs.replace(config.outbox, path=str(folder / config.outbox.path))
    outbox = Outbox.open(outbox_config, box=who.box, boot_id=boot_id, clock=clock)
    uplink = Uplink(
        outbox=outbox,
        session=session,
        district=who.district,
        site=who.site,
        box=who.box,
        boot_id=boot_id,
        rng=rng,
        send_hz=config.outbox.send_hz,
    )
    book = EpisodeBook(
        who.box, Path(f"{outbox_config.path}.episodes"), update_every_s=config.update_every_s
    )
    store = evidence_store or _http_store(config, folder)
    backstage = Backstage(threaded=not direct)
    pictures = build_evidence(config.evidence, folder, store, rng, backstage)
    given_sources, given_detectors = sources or {}, detectors or {}
    # what is given, or runs within step(), runs here
    nursery = None if direct else Nursery()
    models = build_keeper(config, folder, rng, threaded=not direct)
    pool = _pool(config, folder, nursery, given_detectors, rng, models)
    models.work_with(pool)
    models.desire(config.models)
    second_look = build_second_look(config, folder, boot_id, pictures.desk, models, rng)
    apart = config.vision.decoders is DecoderKind.PROCESSES and isinstance(clock, SystemClock)
    ladder = LoadLadder()
    parts = LaneParts(
        config=config,
        folder=folder,
        book=book,
        desk=pictures.desk,
        clock=clock,
        rng=rng,
        direct=direct,
        ladder=ladder,
        pool=pool,
        nursery=nursery if apart else None,
        models=models,
        second_look=second_look,
        workshop=pictures.workshop,
        backstage=backstage,
    )
    lanes = [
        build_lane(
            camera,
            parts,
            source=given_sources.get(camera.id),
            detector=given_detectors.get(camera.id),
        )
        for camera in config.cameras
    ]
    # a clock that is scaled or moved by hand has no true time to be compared with
    clock_offset = clock_offset_s if isinstance(clock, SystemClock) else lambda: None
    around = Surroundings(
        folder=folder,
        place=who.place,
        backlog=lambda: uplink.backlog,
        clock_offset=clock_offset,
        rng=rng,
        threaded=not direct,
    )
    sensors = _sensor_lanes(config, around)
    lanes_by_id = {lane.camera: lane for lane in lanes}
    commands = CommandDesk(
        session=session,
        district=who.district,
        site=who.site,
        box=who.box,
        lanes=lanes_by_id,
        policies={camera.id: camera.evidence.redact for camera in config.cameras},
        verifier=pictures.verifier,
        book=book,
        configurator=configurator,
    )
    agent = Agent(
        box=who.box,
        boot_id=boot_id,
        clock=clock,
        session=session,
        uplink=uplink,
        outbox=outbox,
        book=book,
        cameras=lanes,
        inference=pool,
        sensors=sensors,
        commands=commands,
        configurator=configurator,
        courier=pictures.courier,
        courier_thread=not direct,
        subjects=_births(config, sensors),
        versions={"cityloop": version("cityloop")},
        status_every_s=config.status_every_s,
        clock_offset=clock_offset,
    )

    def changed(running: EdgeConfig) -> None:
        agent.heartbeat_every(running.status_every_s)
        book.update_every(running.update_every_s)
        for sensor in sensors:
            sensor.priorities = running.priorities
        models.desire(running.models)

    configurator.attach(lanes_by_id, sensors, changed, models.result)
    models.camera = configurator.camera
    models.changed = commands.report_config
    agent.attend(models)
    if second_look is not None:
        agent.attend(second_look)
    agent.at_close(backstage.close)
    agent.count_also(lambda: ladder.steps)
    agent.count_also(lambda: pictures.counters)
    agent.at_close(backstage.close)
    agent.tell_versions(lambda: models.versions)
    guards = attach_guards(
        agent, config, folder, ladder=ladder, spool=pictures.spool, vault=pictures.vault
    )
    attach_watchdog(agent, environment or {})
    attach_local(
        agent,
        config,
        folder,
        info={"box": who.box, "boot_id": boot_id, "version": version("cityloop")},
        lanes=lanes_by_id,
        camera=configurator.camera,
        guards=guards,
        clock_offset=clock_offset,
    )
    return agent


def _mqtt_session(config: EdgeConfig, folder: Path, will: Will, rng: Random) -> Session:
    hub = config.hub or MqttConfig(client_id=config.box.box)
    return MqttSession(anchored_hub(hub, folder), will=will, rng=rng)


def anchored_hub(hub: MqttConfig, folder: Path) -> MqttConfig:
    """Return how the hub is reached, with paths that start from the configuration's folder."""
    anchored = {
        name: str(folder / path)
        for name in ("password_file", "tls_ca", "tls_cert", "tls_key")
        if (path := getattr(hub, name)) is not None and path != "system"
    }
    return msgspec.structs.replace(hub, **anchored)


def _http_store(config: EdgeConfig, folder: Path) -> EvidenceStore | None:
    if config.api is None:
        return None
    key_file = None if config.api.key_file is None else str(folder / config.api.key_file)
    key = read_secret(key_file, None, f"api {config.api.url}")
    return HttpEvidenceStore(config.api.url, key, timeout_s=config.api.timeout_s)


def _last_will(config: EdgeConfig, boot_id: str, clock: Clock) -> Will:
    who = config.box
    status = Status(
        id=f"{who.box}/{boot_id}/{Channel.STATUS.value}/will",
        box=who.box,
        boot_id=boot_id,
        channel=Channel.STATUS,
        seq=0,
        at=clock.now(),
        state=BoxState.OFFLINE,
    )
    return Will(box_topic(who.district, who.site, who.box, Kind.STATUS), encode(status))


def _pool(
    config: EdgeConfig,
    folder: Path,
    nursery: Nursery | None,
    given: Mapping[str, Detector],
    rng: Random,
    models: ModelKeeper,
) -> InferencePool | None:
    if nursery is None:
        return None
    cameras = [models.effective(camera) for camera in config.cameras if camera.id not in given]
    return build_pool(cameras, config.vision, folder, nursery, rng)


def _sensor_lanes(config: EdgeConfig, around: Surroundings) -> list[SensorLane]:
    lanes: list[SensorLane] = []
    for sensor in config.sensors:
        try:
            driver = build_driver(sensor, around)
        except (EdgeError, SecretError) as error:
            _LOG.error("sensor_refused", box_id=config.box.box, reason=str(error))
            continue
        lanes.append(SensorLane(driver, config.priorities, FirstGate(config.quality)))
    return lanes


def _births(config: EdgeConfig, sensors: list[SensorLane]) -> tuple[SubjectBirth, ...]:
    cameras = tuple(
        SubjectBirth(subject=camera.id, profile="camera", place=camera.place or config.box.place)
        for camera in config.cameras
    )
    births = cameras + tuple(birth for lane in sensors for birth in lane.driver.births)
    if len(births) > _MOST_BIRTHS:
        _LOG.warning("births_cut", box_id=config.box.box, subjects=len(births), told=_MOST_BIRTHS)
    return births[:_MOST_BIRTHS]
