"""Builds one camera's lane: its feed, what looks at it, and the watch over both."""

from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import quote

from edge.attention.load_ladder import LoadLadder
from edge.backstage import Backstage
from edge.camera_config import CameraConfig, FurtherModelConfig, OnnxConfig
from edge.camera_lane import CameraLane
from edge.camera_memory import CameraMemory
from edge.camera_watch import CameraWatch
from edge.cameras.address import device_url
from edge.cameras.clip import ClipSource
from edge.cameras.device_mode import DeviceWish
from edge.cameras.folder_source import FolderSource
from edge.cameras.packet_ring import PacketRing, RingClips
from edge.cameras.pipe_source import PipeSource
from edge.cameras.ports import CameraSource
from edge.cameras.pyav_source import Pace, PyAvSource
from edge.cameras.reconnect import ReconnectingSource
from edge.config import EdgeConfig
from edge.episodes import EpisodeBook
from edge.errors import EdgeError
from edge.evidence.clip_maker import ClipMaker
from edge.evidence.clip_workshop import ClipWorkshop
from edge.evidence.desk import EvidenceDesk
from edge.feed import DirectFeed, Feed, ThreadedFeed
from edge.model_store.keeper import ModelKeeper
from edge.perception_build import build_detector, build_perception
from edge.pipeline import CameraPipeline
from edge.reporter import CameraReporter
from edge.second_look.watch import SecondLook
from edge.source_config import Pace as ConfiguredPace
from edge.source_config import PixelFormat, SourceConfig
from edge.vision.ports import Detector, RegionDetector
from edge.workers.build import decoder_order, model_order
from edge.workers.inference_pool import InferencePool
from edge.workers.nursery import Nursery
from edge.workers.pooled_detector import PooledDetector
from edge.workers.process_feed import ProcessFeed
from runtime.clock import Clock
from runtime.errors import SecretError
from runtime.secret import read_secret

__all__ = ["LaneParts", "build_lane", "camera_address", "credentialed"]

_REST_S = 0.25
"""Seconds between two frames that are told of while nothing moves in front of a camera."""


@dataclass(frozen=True, slots=True)
class LaneParts:
    """What the cameras of a box share.

    Attributes:
        config: the box.
        folder: what relative paths in the configuration start from.
        book: open episodes.
        desk: takes pictures; None where none are taken.
        clock: tells the time.
        rng: jitter.
        direct: whether recorded cameras run within ``step``.
        ladder: what the box's load allows.
        pool: inference workers; None where networks run in this process.
        nursery: where decoders come from; None where cameras are decoded in this process.
        models: looks after signed models.
        second_look: notices what a person should look at again; None notices nothing.
        workshop: redacts and keeps clips; None makes none.
        backstage: does work in the background, or at once.
    """

    config: EdgeConfig
    folder: Path
    book: EpisodeBook
    desk: EvidenceDesk | None
    clock: Clock
    rng: Random
    direct: bool
    ladder: LoadLadder
    pool: InferencePool | None
    nursery: Nursery | None
    models: ModelKeeper
    second_look: SecondLook | None
    workshop: ClipWorkshop | None
    backstage: Backstage


def build_lane(
    camera: CameraConfig,
    parts: LaneParts,
    *,
    source: CameraSource | None,
    detector: Detector | None,
) -> CameraLane:
    """Return a camera's lane; what cannot work of it is the lane's refusal, not an error.

    Args:
        camera: the camera.
        parts: what the cameras of the box share.
        source: a source to use in place of the configured one.
        detector: a detector to use in place of the configured one.
    """
    place = camera.place or parts.config.box.place
    watch = CameraWatch(
        camera.id,
        place,
        parts.book,
        offline_after_s=camera.offline_after_s,
        online_after_s=camera.online_after_s,
    )
    memory = None
    if not parts.direct:
        stem = parts.folder / f"{parts.config.outbox.path}.{camera.id}"
        memory = CameraMemory(camera.id, stem)
    grid = None if memory is None else memory.grid()
    try:
        if detector is None and isinstance(camera.detector, OnnxConfig):
            seated = parts.models.seated(camera, lambda config: _network(config, parts))
            detector = seated or _network(camera.detector, parts)
        perception = build_perception(
            camera,
            parts.folder,
            detector,
            grid=grid,
            network=lambda one: _further(camera, one, parts),
            rest_s=_REST_S,
            shared=parts.pool is not None,
        )
        feed, footage = _feed(camera, parts, source)
    except (EdgeError, SecretError) as error:
        return CameraLane(None, None, watch, camera=camera.id, refusal=str(error))
    clips = _clips(camera, parts, footage)
    reporter = CameraReporter(camera, place, perception.model_id, parts.book, parts.desk, clips)
    pipeline = CameraPipeline(camera, perception, reporter)
    if parts.second_look is not None:
        pipeline.watcher = parts.second_look.watcher(camera.id, camera.evidence.redact)
    known = None if memory is None else memory.recollection()
    if known is not None:
        pipeline.expect(known)
    # a recording read as fast as the box can is never late
    hurried = parts.direct or camera.source.pace is ConfiguredPace.FAST
    return CameraLane(
        feed,
        pipeline,
        watch,
        camera=camera.id,
        ladder=None if hurried else parts.ladder,
        memory=memory,
        clips=clips,
    )


def _clips(camera: CameraConfig, parts: LaneParts, footage: ClipSource | None) -> ClipMaker | None:
    """Return what makes a camera's clips; None where none are wanted or to be had."""
    config = camera.evidence.clip
    if config is None or footage is None or parts.workshop is None:
        return None
    masks = tuple(mask.polygon for mask in camera.masks)
    return ClipMaker(camera.id, config, masks, footage, parts.workshop, parts.book)


def _network(config: OnnxConfig, parts: LaneParts) -> RegionDetector:
    """Return the detector of a network, in the inference workers where there are any."""
    if parts.pool is not None:
        order = model_order(config, parts.folder)
        return PooledDetector(parts.pool, order, nms_iou=config.nms_iou)
    detector = build_detector(config, parts.folder)
    assert isinstance(detector, RegionDetector)
    return detector


def _further(camera: CameraConfig, one: FurtherModelConfig, parts: LaneParts) -> Detector:
    """Return the detector of a further network."""
    seated = parts.models.seated_further(camera, one, lambda config: _network(config, parts))
    return seated or _network(one.detector, parts)


def _feed(
    camera: CameraConfig, parts: LaneParts, source: CameraSource | None
) -> tuple[Feed, ClipSource | None]:
    """Return where frames come from, and where clips do, where they are wanted."""
    settings, direct, clock, rng = camera.source, parts.direct, parts.clock, parts.rng
    by_library = settings.folder is None and settings.ffmpeg is None
    if parts.nursery is not None and source is None and by_library:
        address = camera_address(settings, parts.folder)
        order = decoder_order(camera.id, settings, address, rng, camera.evidence.clip)
        apart = ProcessFeed(order, parts.nursery, rng)
        return apart, apart
    fast = settings.file is not None and settings.pace is ConfiguredPace.FAST
    footage: ClipSource | None = None
    if source is None:
        ring = _ring(camera)
        source = _source(camera, parts, ring, fast=fast or direct)
        footage = None if ring is None else RingClips(ring, parts.backstage.submit)
    if settings.file is None:
        # a file that breaks off would only begin again from its start
        if direct:
            source = ReconnectingSource(
                source, rng, seconds=lambda: clock.now().timestamp(), wait=lambda _: None
            )
        else:
            source = ReconnectingSource(source, rng)
    if direct:
        return DirectFeed(source, paced=not fast), footage
    return ThreadedFeed(source, drop=not fast), footage


def _ring(camera: CameraConfig) -> PacketRing | None:
    """Return where a camera's coded stream is kept for clips; None where none are wanted."""
    clip = camera.evidence.clip
    if clip is None:
        return None
    return PacketRing(camera.id, span_s=clip.span_s, budget_bytes=clip.budget_bytes)


def _source(
    camera: CameraConfig, parts: LaneParts, ring: PacketRing | None, *, fast: bool
) -> CameraSource:
    settings = camera.source
    if settings.folder is not None:
        folder = parts.folder / settings.folder
        return FolderSource(camera.id, folder, every_s=settings.every_s, follow=settings.follow)
    address = camera_address(settings, parts.folder)
    if settings.ffmpeg is not None:
        live = settings.rtsp is not None
        transport = ("-rtsp_transport", settings.transport.value) if live else ()
        return PipeSource(
            camera.id,
            str(address),
            before=(*transport, *settings.ffmpeg.before),
            after=settings.ffmpeg.after,
            live=live,
            program=settings.ffmpeg.program,
            timeout_s=settings.timeout_s,
            clock=parts.clock,
        )
    return PyAvSource(
        camera.id,
        address,
        pace=Pace.FAST if fast else Pace.REALTIME,
        loop=settings.loop,
        transport=settings.transport.value,
        open_timeout_s=settings.timeout_s,
        read_timeout_s=settings.timeout_s,
        clock=parts.clock,
        ring=ring,
    )


def camera_address(source: SourceConfig, folder: Path) -> str | Path:
    """Return a camera's file or device, or its address with its credentials in it, for the source alone.

    Raises:
        SecretError: the password's file or environment variable cannot be read.
    """
    if source.file is not None:
        return folder / source.file
    if source.device is not None:
        return device_url(source.device, _wish(source))
    assert source.rtsp is not None
    file = None if source.password_file is None else str(folder / source.password_file)
    password = read_secret(file, source.password_env, f"camera {source.rtsp}")
    return credentialed(source.rtsp, source.username, password)


def _wish(source: SourceConfig) -> DeviceWish:
    """Return what is asked of a video device."""
    form = None if source.device_format is PixelFormat.AUTO else source.device_format.value
    return DeviceWish(source.device_size, source.device_fps, form)


def credentialed(address: str, username: str | None, password: str | None) -> str:
    """Return an address with a login in it; only the decoder may see it."""
    if username is None:
        return address
    scheme, rest = address.split("://", 1)
    login = quote(username, safe="")
    if password is not None:
        login += f":{quote(password, safe='')}"
    return f"{scheme}://{login}@{rest}"
