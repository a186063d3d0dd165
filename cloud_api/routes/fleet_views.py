"""What the API shows of devices, boxes, tokens and configurations; types of its OpenAPI document."""

from typing import Annotated, Any

import msgspec
from pydantic import AwareDatetime, BaseModel, Field

from cloud_api.devices.inventory import AssetState, Fault
from contracts.ids import ID_PATTERN
from contracts.registry import Lifecycle

__all__ = [
    "AssetPage",
    "AssetPlace",
    "AssetView",
    "BoxConfigView",
    "BoxStateView",
    "MadeTokenView",
    "RatesView",
    "SeriesView",
    "TokenListView",
    "TokenRequest",
]


class AssetPlace(BaseModel):
    """Where it stands, WGS 84."""

    lon: float
    lat: float
    grid: str | None = Field(description="Code of its cell; null: outside the grid, or unknown.")


class AssetView(BaseModel):
    """One device or box of the registry, and how it is."""

    id: str
    kind: str = Field(description="camera, sensor or box.")
    profile: str
    name: str
    district: str
    site: str
    box: str | None = Field(description="The box that speaks for it.")
    owner: str
    place: AssetPlace | None
    lifecycle: Lifecycle
    state: AssetState
    heard_at: AwareDatetime | None = Field(
        description="A box: its last message. A silent device: its own newest time."
    )
    faults: list[Fault]
    missing: int = Field(description="Messages given up in gaps of a box's numbering.")
    waiting: int = Field(description="Messages that wait beyond a gap.")
    clock_offset_s: float | None = Field(description="A box's clock minus true time.")


class AssetPage(BaseModel):
    """A page of devices and boxes; counts are of all that the filters leave but ``state``."""

    items: list[AssetView]
    total: int
    states: dict[str, int]
    profiles: list[str] = Field(description="Classes that there are, whatever the filters.")
    districts: list[str]
    now: AwareDatetime


class SeriesPoint(BaseModel):
    """One value, or the numbers of one step of time: then ``min`` and ``max`` are there too."""

    at: AwareDatetime
    value: float
    min: float | None = None
    max: float | None = None


class SeriesView(BaseModel):
    """The values of a device, as its gateway has them."""

    device: str
    metric: str | None
    unit: str | None
    metrics: list[str] = Field(description="What else it reports.")
    start: AwareDatetime
    end: AwareDatetime
    points: list[SeriesPoint]
    why: str | None = Field(description="Why there is none; null where there is.")


class RateView(BaseModel):
    """The online rate of one class in one district."""

    district: str
    profile: str
    registered: int
    devices: int
    online: int
    ratio: float | None
    measured: bool
    at: AwareDatetime | None


class RatesView(BaseModel):
    """The online rates."""

    items: list[RateView]


class ReportView(BaseModel):
    """What a gateway last said of a box."""

    box: str
    district: str
    site: str
    online: bool
    heard_at: AwareDatetime | None = None
    boot_id: str = ""
    clock_offset_s: float | None = None
    versions: dict[str, str] = {}
    counters: dict[str, int] = {}
    config_version: int | None = None
    config_sha256: str = ""
    config_at: AwareDatetime | None = None
    sections: dict[str, str] = {}
    here: list[str] = []
    silent: dict[str, AwareDatetime | None] = {}


class BoxStateView(BaseModel):
    """How a box is doing."""

    box: str
    enrolled: bool
    desired_version: int | None
    report: ReportView | None


class DesiredView(BaseModel):
    """The configuration that a box should run."""

    box: str
    district: str
    site: str
    version: int
    sha256: str
    config: dict[str, Any]


class ReportedConfigView(BaseModel):
    """What a box says that it runs."""

    version: int
    sha256: str
    at: AwareDatetime | None
    sections: dict[str, str] = Field(description="applied, refused: … or needs restart: …")


class ConfigVersionView(BaseModel):
    """One version of a desired configuration."""

    version: int
    sha256: str
    made_at: AwareDatetime
    made_by: str
    reason: str


class BoxConfigView(BaseModel):
    """Desired and reported configuration side by side."""

    box: str
    desired: DesiredView | None
    reported: ReportedConfigView | None
    in_sync: bool | None
    versions: list[ConfigVersionView]


class TokenView(BaseModel):
    """A one-time token, never its secret."""

    token_id: str
    box: str
    district: str
    site: str
    made_by: str
    made_at: AwareDatetime
    expires_at: AwareDatetime
    used_at: AwareDatetime | None
    revoked_at: AwareDatetime | None


class TokenListView(BaseModel):
    """Every token."""

    items: list[TokenView]


class MadeTokenView(BaseModel):
    """A new token; shown once."""

    token_id: str
    token: str
    box: str
    expires_at: AwareDatetime


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of a request for a token."""

    box: Annotated[str, msgspec.Meta(pattern=ID_PATTERN)]
    district: Annotated[str, msgspec.Meta(pattern=ID_PATTERN)]
    site: Annotated[str, msgspec.Meta(pattern=ID_PATTERN)]
    expires_s: Annotated[float, msgspec.Meta(gt=0.0, le=31 * 86_400.0)] = 86_400.0
