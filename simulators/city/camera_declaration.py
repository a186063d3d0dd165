"""``cameras`` of a scenario: the Structs of its YAML.

Places in a scene are metres east and north of its own middle, as in
:mod:`simulators.scene.street_camera`.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.envelope import Id
from simulators.city.street_declaration import StreetPlace

__all__ = [
    "CameraDeclaration",
    "DetectorDeclaration",
    "LineDeclaration",
    "PoseDeclaration",
    "StagedDeclaration",
    "ZoneDeclaration",
]

Duration = Annotated[str, Meta(min_length=1, max_length=16)]
Metres = Annotated[float, Meta(ge=-500.0, le=500.0)]
Spot = tuple[Metres, Metres]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class Declared(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a scenario's YAML is made of: unknown keys are refused."""


class PoseDeclaration(Declared, frozen=True, kw_only=True):
    """``pose``: how the camera hangs, where it is not as the scene has it."""

    mast_m: float | None = None
    """Height of the lens, metres."""
    down_deg: float | None = None
    """How far below the horizon it looks, degrees."""
    heading_deg: float | None = None
    """Which way it looks, clockwise from north."""
    view_deg: float | None = None
    """Horizontal angle of view, degrees."""
    east_m: float | None = None
    """Foot of the mast."""
    north_m: float | None = None
    """Foot of the mast."""


class DetectorDeclaration(Declared, frozen=True, kw_only=True):
    """``detector``: what looks at the pictures on the box."""

    kind: Literal["scripted", "background", "trained", "onnx"] = "scripted"
    """``scripted`` knows the truth and errs at the rates below; ``background`` is the box's own
    background subtraction; ``trained`` the model that ships; ``onnx`` one of your own. Default scripted."""
    recall: Share = 0.95
    """Share of seconds in which a body that is seen is found; default 0.95."""
    false_per_minute: Annotated[float, Meta(ge=0.0, le=600.0)] = 2.0
    """Boxes around nothing, each a second long; default 2."""
    jitter: Annotated[float, Meta(ge=0.0, le=0.5)] = 0.03
    """Standard deviation of a box's edges, share of its size; default 0.03."""
    model: str | None = None
    """Path of the ONNX file from the scenario's, for ``onnx``."""


class ZoneDeclaration(Declared, frozen=True, kw_only=True):
    """A piece of the ground that the box watches."""

    id: Id
    kind: str
    """What it is, for rules: fire_lane, no_parking, no_vending, square, lane."""
    corners: Annotated[list[Spot], Meta(min_length=3, max_length=12)]
    """Metres; convex, in order."""
    classes: list[str] = []
    """Class names that count; default all."""
    dwell: Duration | None = None
    """Stay after which the box speaks up; default never."""
    flow: tuple[Spot, Spot] | None = None
    """The lane's direction, from where to where; default none."""


class LineDeclaration(Declared, frozen=True, kw_only=True):
    """A line on the ground over which the box counts."""

    id: Id
    start: Spot
    end: Spot
    classes: list[str] = []


class StagedDeclaration(Declared, frozen=True, kw_only=True):
    """``incidents`` of a camera: what is staged before it."""

    cause: Literal["pulls_up", "wrong_way", "put_up", "falls", "crowd"]
    """A vehicle stops; one goes against its lane; something is put up; something falls; people gather."""
    at: Duration
    """When, after the scenario's start."""
    lasts: Duration = "1m"
    """How long; default a minute."""
    body: str | None = None
    """Kind of body; default a car, or a stall where something is put up."""
    lane: Annotated[int, Meta(ge=0, le=20)] = 0
    """Number of the scene's lane, for vehicles; default 0."""
    along_m: Annotated[float, Meta(ge=0.0, le=200.0)] = 30.0
    """Where along the lane it stops; default 30."""
    place: Spot = (0.0, 8.0)
    """Where it is put up or falls, or the middle of the crowd."""
    scale: Annotated[float, Meta(gt=0.1, le=5.0)] = 1.0
    """So many times the body's size, of what is put up or falls; default 1."""
    from_m: Annotated[float, Meta(gt=0.0, le=100.0)] = 12.0
    """Height from which it falls; default 12."""
    people: Annotated[int, Meta(ge=1, le=400)] = 80
    """How many gather; default 80."""
    radius_m: Annotated[float, Meta(gt=0.0, le=50.0)] = 2.6
    """How far from the middle they stand; default 2.6."""


class CameraDeclaration(Declared, frozen=True, kw_only=True):
    """``cameras``: one drawn camera on a box of its own."""

    id: Id
    scene: str
    """A shipped scene, see ``cityloop sim scene``."""
    at: tuple[Annotated[float, Meta(ge=-20_000.0, le=20_000.0)], ...] = (0.0, 0.0)
    """Where the scene's middle lies, metres east and north of the map's centre; default there."""
    on: StreetPlace | None = None
    """Where on a street the scene's middle lies, in place of ``at``."""
    light: Literal["day", "night", "rain", "glare"] | None = None
    """Default as the scene has it."""
    fps: Annotated[float, Meta(ge=1.0, le=25.0)] = 5.0
    """Frames a second; default 5."""
    traffic: Annotated[float, Meta(ge=0.0, le=10.0)] = 1.0
    """So many times the scene's cars and people; default 1."""
    pose: PoseDeclaration = PoseDeclaration()
    detector: DetectorDeclaration = DetectorDeclaration()
    zones: list[ZoneDeclaration] = []
    lines: list[LineDeclaration] = []
    incidents: list[StagedDeclaration] = []
