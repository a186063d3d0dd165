"""Cameras as the API shows them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud_api.packs.views import FiringView

__all__ = [
    "CameraDetail",
    "CameraList",
    "CameraPlace",
    "CameraView",
    "EpisodeView",
    "GroundView",
    "LineToldView",
    "PictureView",
    "SceneBody",
    "SceneCheckBody",
    "SceneCheckView",
    "SceneFaultView",
    "SceneSaved",
    "SceneToldView",
    "SceneTrialBody",
    "SceneTrialView",
    "SnapshotView",
    "VersionView",
    "ZoneToldView",
]

_Points = list[list[float]]
_Item = dict[str, Any]


class CameraPlace(BaseModel):
    """A place in WGS 84 degrees."""

    lon: float
    lat: float


class PictureView(BaseModel):
    """A stored picture; the box has made illegible in it what nobody is to see."""

    href: str = Field(description="A link that works for a while.")
    captured_at: datetime


class CameraView(BaseModel):
    """A camera and how it does."""

    camera: str
    name: str
    district: str
    site: str
    lifecycle: str
    box: str | None = Field(description="Box that speaks for it; null: none that is registered.")
    place: CameraPlace | None
    state: Literal["up", "flawed", "down", "unknown"]
    flaws: list[str] = Field(description="frozen, covered, defocused, shifted")
    fps: float | None = Field(description="Frames a second; null: not known.")
    heard_at: datetime | None = Field(description="When its box was last heard.")
    delivery: Literal["own", "pending", "applied", "refused", "needs_restart"]
    delivery_reason: str
    picture: PictureView | None


class CameraList(BaseModel):
    """All cameras of the registry."""

    items: list[CameraView]
    now: datetime


class SceneBody(BaseModel):
    """What is drawn on a camera's picture, in the form of the box's file; shares of width and height."""

    model_config = ConfigDict(extra="forbid")

    zones: list[_Item] = Field(default_factory=list, max_length=200)
    lines: list[_Item] = Field(default_factory=list, max_length=200)
    masks: list[_Item] = Field(default_factory=list, max_length=200)
    calibration: list[_Item] = Field(default_factory=list, max_length=200)


class VersionView(BaseModel):
    """One version of a box's desired configuration."""

    version: int
    made_at: datetime
    made_by: str
    reason: str


class CameraDetail(CameraView):
    """A camera with what is drawn on its picture."""

    version: int = Field(description="Of the box's desired configuration, for If-Match; 0: none.")
    reported_version: int | None
    scene: SceneBody = Field(description="As it shall be: what is desired, else what runs.")
    running: SceneBody | None = Field(description="As it runs; null: the box has not said.")
    versions: list[VersionView]
    stored_data: bool = Field(description="Whether there is data to try a drawing on here.")


class SceneCheckBody(BaseModel):
    """A scene and the size of the picture that it is drawn on."""

    model_config = ConfigDict(extra="forbid")

    scene: SceneBody
    width: int = Field(ge=1, le=20_000)
    height: int = Field(ge=1, le=20_000)


class SceneFaultView(BaseModel):
    """One thing that the box would refuse."""

    part: str
    number: int | None
    message: str


class GroundView(BaseModel):
    """What ground points amount to, by the code of the box."""

    rms_m: float
    errors_m: list[float]
    errors_px: list[float]
    mapped: list[list[float] | None] = Field(description="Each place mapped back.")
    step_m: float
    grid: list[_Points] = Field(description="Lines of a grid of metres over the picture.")
    exact: bool = Field(description="Four points fit exactly and say nothing of their own error.")


class SceneCheckView(BaseModel):
    """What was found."""

    faults: list[SceneFaultView]
    ground: GroundView | None
    areas_m2: dict[str, float]


class SceneTrialBody(SceneCheckBody):
    """A scene that is only drawn, and on how much of the past it is tried."""

    hours: float = Field(
        default=1.0, gt=0.0, le=168.0, description="Up to now, by the API's clock."
    )


class ZoneToldView(BaseModel):
    """What a zone would have told."""

    zone: str
    stays: int = Field(description="Stays that began.")
    most: int = Field(description="Most tracks in it at a time.")
    longest_s: float


class LineToldView(BaseModel):
    """What a line would have counted."""

    line: str
    forward: int
    backward: int


class EpisodeView(BaseModel):
    """An observation that the box would have made."""

    kind: str
    where: str = Field(description="Zone or line.")
    track: int | None
    label: str | None
    started_at: datetime
    ended_at: datetime | None = Field(description="null: goes on at the end of the data.")


class SceneToldView(BaseModel):
    """What a camera would have told with one scene, and what rules would have made of it."""

    zones: list[ZoneToldView]
    lines: list[LineToldView]
    episodes: list[EpisodeView] = Field(description="The first 500.")
    episodes_count: int
    events: list[FiringView] = Field(description="The first 500.")
    count: int = Field(description="Events that rules would have raised.")


class SceneTrialView(BaseModel):
    """A scene tried on stored tracks, beside the one that runs."""

    first_at: datetime | None = Field(
        description="Of the first stored moment; null: there is none."
    )
    last_at: datetime | None
    moments: int = Field(description="Times that the camera told of its tracks.")
    tracks: int
    packs: int = Field(description="Packs of rules that were tried.")
    drawn: SceneToldView
    running: SceneToldView | None = Field(description="null: the box has not said what runs.")


class SceneSaved(BaseModel):
    """The version that was made of a box's desired configuration."""

    box: str
    version: int


class SnapshotView(BaseModel):
    """An order for a picture."""

    order: str
    state: Literal["waiting", "done", "refused"]
    detail: str
    picture: PictureView | None
