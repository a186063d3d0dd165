"""Configuration of one camera: where frames come from, what looks at them, what is reported."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from contracts.envelope import Id, Place, Ratio
from edge.evidence.config import CameraEvidenceConfig
from edge.source_config import SourceConfig

__all__ = [
    "Anchor",
    "BackgroundConfig",
    "CameraConfig",
    "CameraPriority",
    "CrowdConfig",
    "DetectorConfig",
    "FurtherModelConfig",
    "GateConfig",
    "GroundPairConfig",
    "IntegrityConfig",
    "LineConfig",
    "MaskConfig",
    "OnnxConfig",
    "Point",
    "Runtime",
    "SizeConfig",
    "TrackerConfig",
    "ZoneConfig",
]

Point = tuple[Ratio, Ratio]
"""x, y as shares of the picture's width and height, from its top left corner."""

Positive = Annotated[float, Meta(gt=0.0)]
NonNegative = Annotated[float, Meta(ge=0.0)]


class Anchor(StrEnum):
    """Which point of a box stands for the object."""

    FOOT = "foot"
    """Bottom centre: where the object touches the ground, for slanted views."""
    CENTRE = "centre"
    """Middle of the box, for views from straight above."""


class Runtime(StrEnum):
    """What runs a network."""

    ONNXRUNTIME = "onnxruntime"
    """Single precision on any processor."""
    OPENVINO = "openvino"
    """Intel's: bfloat16 where the processor multiplies matrices in it (AMX), 2 to 2.5 times as fast
    for networks of standard convolutions. Source: measured.md §1."""


class CameraPriority(StrEnum):
    """Which cameras go first when the box is too slow for all of them."""

    NORMAL = "normal"
    """Thinned, but never left to the second clock alone."""
    LOW = "low"
    """The first to be left to the second clock alone."""


class OnnxConfig(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="onnx"
):
    """A neural detector in an ONNX file."""

    model: str
    """Path of the ONNX file, relative to the configuration file."""
    layout: str = "auto"
    """Output layout: auto, yolox or ultralytics. Default: auto."""
    confidence: Ratio = 0.45
    """Confidence (0..1) from which a detection may begin a track. Default: 0.45."""
    low_confidence: Ratio = 0.1
    """Confidence (0..1) from which a detection may keep a track alive. Default: 0.1."""
    nms_iou: Ratio = 0.45
    """Overlap (0..1) above which the weaker box of one class is given up. Default: 0.45."""
    classes: tuple[str, ...] = ()
    """Class names to track; empty tracks all. Pictures are redacted by all of them. Default: empty."""
    names: tuple[str, ...] = ()
    """Class names by class id. Default: the file's own, or COCO's where there are 80 classes."""
    bundle: Id | None = None
    """Id of a signed model that takes the place of ``model`` once desired and verified. Default: none."""
    threads: Annotated[int, Meta(ge=1)] = 1
    """Threads of one inference. Default: 1."""
    runtime: Runtime = Runtime.ONNXRUNTIME
    """onnxruntime, or openvino where cityloop[openvino] is installed. Default: onnxruntime."""


class SizeConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class name for everything that moves and is at least so large."""

    label: str
    """Class name."""
    min_area_ratio: Ratio
    """Smallest share (0..1) of the picture that it covers."""


class BackgroundConfig(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="background",
):
    """Background subtraction: boxes around whatever moves, for views without a model."""

    sizes: tuple[SizeConfig, ...] = (
        SizeConfig(label="object", min_area_ratio=0.002),
        SizeConfig(label="vehicle", min_area_ratio=0.02),
    )
    """Class names by size, the largest that fits wins. Default: object from 0.002, vehicle from
    0.02 of the picture."""
    classes: tuple[str, ...] = ()
    """Class names to track; empty tracks all. Default: empty."""


DetectorConfig = OnnxConfig | BackgroundConfig


class FurtherModelConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A further network of a camera, which looks at the whole picture now and then."""

    id: Id
    """Name of the network, unique on the camera."""
    detector: OnnxConfig
    """The network (``kind: onnx``)."""
    every_s: Annotated[float, Meta(ge=0.1, le=3600.0)] = 5.0
    """Seconds of video between two looks. Default: 5 s."""
    min_hits: Annotated[int, Meta(ge=1)] = 2
    """Looks in a row that make a thing count. Default: 2."""
    prefix: Annotated[str, Meta(pattern=r"^[a-z0-9_-]{0,16}$")] = ""
    """Put before the names of its classes, where another of the camera's models has the same. Default:
    nothing."""


class GateConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two clocks of attention: what moves is looked at at once, everything every few seconds.

    Without motion nothing is inferred and the tracks are held, never dropped.
    """

    enabled: bool = True
    """False infers every frame. Default: true."""
    heartbeat_s: Positive = 1.0
    """Longest time (s of video) without a look at the whole picture while somebody is in it. While
    nothing moves and every look finds the same, it doubles up to four times this. Default: 1 s."""
    scan_s: Positive = 5.0
    """The same while nobody is in it, or only things that stand still; never below heartbeat_s.
    Default: 5 s."""
    active_fps: Positive | None = None
    """Most looks a second of video while something moves. Default: every frame."""
    settle_s: NonNegative = 0.5
    """How long (s of video) looking goes on after the last motion. Default: 0.5 s."""
    regions: bool = True
    """Whether only the parts that move may be looked at, enlarged. Default: true."""
    max_regions: Annotated[int, Meta(ge=1, le=16)] = 4
    """Most such parts in one frame; with more of them the whole picture is looked at. Default: 4."""
    still_after_s: Positive = 10.0
    """Stay (s of video) after which a thing is still: motion within it wakes nobody. Default: 10 s."""
    changed_ratio: Ratio = 0.002
    """Share of the picture (0..1) that must change to count as motion. Default: 0.002."""


class TrackerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How boxes become tracks."""

    lost_s: Positive = 1.5
    """How long (s of video) a track is looked for after it was last seen. Default: 1.5 s."""
    min_hits: Annotated[int, Meta(ge=1)] = 3
    """Detections that make a track count. Default: 3."""
    sure_confidence: Ratio = 0.0
    """And their least mean confidence, 0..1: what flickers just above the detector's threshold is told of
    only when it has become surer. Default: 0, any."""
    max_tracks: Annotated[int, Meta(ge=1, le=10_000)] = 500
    """Tracks at a time; detections beyond start none and are counted. Default: 500."""


class CrowdConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a zone counts as filling up."""

    at_least: Annotated[int, Meta(ge=2)]
    """So many tracks of the zone's classes at the least."""
    factor: Annotated[float, Meta(gt=1.0)] = 2.0
    """How many times as many as the fewest within the window. Default: 2."""
    window_s: Positive = 60.0
    """How long (s of video) is looked back. Default: 60 s."""


class ZoneConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An area of the picture."""

    id: Id
    """Name of the zone, unique on the camera."""
    polygon: Annotated[tuple[Point, ...], Meta(min_length=3)]
    """Corners as shares (0..1) of width and height; at least 3, no edge crosses another."""
    kind: str = "zone"
    """What the zone is, for rules: no_parking, fire_lane, square, ... Default: zone."""
    classes: tuple[str, ...] = ()
    """Class names that count; empty counts all. Default: empty."""
    anchor: Anchor = Anchor.FOOT
    """Point of a box that must be inside: foot or centre. Default: foot."""
    dwell_s: Positive | None = None
    """Stay (s of video) after which a zone_dwell observation starts. Default: none."""
    enter_s: NonNegative = 0.2
    """How long (s of video) a track must be inside before it counts as in. Default: 0.2 s."""
    exit_s: NonNegative = 0.5
    """How long (s of video) a track must be outside before it counts as out. Default: 0.5 s."""
    grace_s: NonNegative = 2.0
    """How long (s of video) a track may be unseen before it counts as out. Default: 2 s."""
    presence: bool = True
    """Whether zone_presence observations are sent. Default: true."""
    area_m2: Positive | None = None
    """Ground area (m2), for densities. Default: unknown."""
    flow: tuple[Point, Point] | None = None
    """The lane's direction, from one point of the picture to another: who goes against it is told
    as wrong_way. Default: none."""
    left_after_s: Positive | None = None
    """How long (s of video) a thing must lie with nobody near to be told as left_object.
    Default: not told."""
    stopped_after_s: Positive | None = None
    """How long (s of video) a vehicle must stand still to be told as stopped_vehicle. Default: not
    told."""
    loiter_after_s: Positive | None = None
    """How long (s of video) a track must be inside in all, coming and going, to be told as loitering.
    Default: not told."""
    loiter_gap_s: Positive = 30.0
    """Longest absence (s of video) that does not end loitering. Default: 30 s."""
    crowd: CrowdConfig | None = None
    """When to tell of crowd_growth. Default: never."""


class LineConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line to be crossed, drawn from one point to another.

    ``forward`` is from the line's left to its right as one walks from ``from`` to ``to``: down
    over a line drawn from left to right, rightwards over a line drawn upwards.
    """

    id: Id
    """Name of the line, unique on the camera."""
    start: Point = field(name="from")
    """Where the line begins (YAML: ``from``), shares (0..1) of width and height."""
    end: Point = field(name="to")
    """Where the line ends (YAML: ``to``), shares (0..1) of width and height."""
    anchor: Anchor = Anchor.FOOT
    """Point of a box whose path counts: foot or centre. Default: foot."""
    min_displacement: Ratio = 0.02
    """How far (share of the picture's height) a path must go beyond the line. Default: 0.02."""
    classes: tuple[str, ...] = ()
    """Class names that count; empty counts all. Default: empty."""


class MaskConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the picture that nobody is to see: windows, gardens, a neighbour's door."""

    id: Id
    """Name of the mask, unique on the camera."""
    polygon: Annotated[tuple[Point, ...], Meta(min_length=3)]
    """Corners as shares (0..1) of width and height; at least 3, no edge crosses another."""


class GroundPairConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A point of the picture whose place on the ground is known."""

    image: Point
    """x, y as shares (0..1) of the picture's width and height."""
    lon: Annotated[float, Meta(ge=-180.0, le=180.0)]
    """Longitude of the place, WGS 84 degrees."""
    lat: Annotated[float, Meta(ge=-90.0, le=90.0)]
    """Latitude of the place, WGS 84 degrees."""


class IntegrityConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Watching whether the camera still shows what it should; what depends on it rests meanwhile."""

    enabled: bool = True
    """Whether to watch. Default: true."""
    after_s: Positive = 10.0
    """How long (s of video) a picture must be covered, out of focus or turned away. Default: 10 s."""
    frozen_after_s: Positive = 30.0
    """How long (s of video) it must be the same to the last bit. Default: 30 s."""


class CameraConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One camera."""

    id: Id
    """Name of the camera, unique on the box."""
    source: SourceConfig
    """Where frames come from."""
    detector: DetectorConfig
    """What finds objects: ``kind: onnx`` or ``kind: background``."""
    further_models: Annotated[tuple[FurtherModelConfig, ...], Meta(max_length=8)] = ()
    """Further networks, each with classes of its own. Default: none."""
    place: Place | None = None
    """Where the camera stands, WGS 84. Default: the box's place."""
    gate: GateConfig = GateConfig()
    """Motion gate."""
    tracker: TrackerConfig = TrackerConfig()
    """Tracker."""
    priority: CameraPriority = CameraPriority.NORMAL
    """normal or low: what is given up first under load. Default: normal."""
    fps: Positive | None = None
    """Most frames a second of video that are looked at. Default: all."""
    zones: tuple[ZoneConfig, ...] = ()
    """Areas of the picture."""
    lines: tuple[LineConfig, ...] = ()
    """Lines to be crossed."""
    masks: tuple[MaskConfig, ...] = ()
    """Areas that are black in every picture, also in originals and previews; things in them are still
    found. Default: none."""
    calibration: tuple[GroundPairConfig, ...] = ()
    """Four or more points of known place: tracks then have places and speeds. Default: none."""
    integrity: IntegrityConfig = IntegrityConfig()
    """Whether the picture can be trusted."""
    evidence: CameraEvidenceConfig = CameraEvidenceConfig()
    """Pictures."""
    tracks_every_s: Positive = 1.0
    """Seconds of video between two tracks messages. Default: 1 s."""
    counts_every_s: Positive = 5.0
    """Seconds of video between two counts messages. Default: 5 s."""
    offline_after_s: Positive = 10.0
    """Seconds without a frame after which the camera counts as offline. Default: 10 s."""
    online_after_s: Positive = 3.0
    """Seconds that frames must flow again before it counts as back. Default: 3 s."""
