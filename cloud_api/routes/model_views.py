"""What the API shows of models, rollouts and pictures to look at again; types of its OpenAPI document."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from cloud_api.model_registry.registry import Stage
from cloud_api.model_registry.review_queue import ReviewState
from contracts.review import ReviewReason

__all__ = [
    "BoxProgressPage",
    "MadeRolloutView",
    "ModelDetail",
    "ModelPage",
    "ModelVersion",
    "ReviewPage",
    "ReviewSaid",
]


class ModelVersion(BaseModel):
    """One published version of a model."""

    model: str
    version: str
    counter: int = Field(description="Grows with every version; boxes refuse a lower one.")
    stage: Stage
    sha256: str
    size_bytes: int
    licence: str
    labels: list[str]
    signers: list[str]
    published_at: AwareDatetime
    published_by: str


class ModelPage(BaseModel):
    """Every version of every model."""

    items: list[ModelVersion]


class ModelVersionInFull(ModelVersion):
    """One published version with its signed manifest."""

    manifest: dict[str, Any]


class RolloutRuleView(BaseModel):
    """A version for the boxes that all of its conditions fit; without any, for all."""

    version: str
    boxes: list[str] = []
    districts: list[str] = []
    sites: list[str] = []
    percent: float = 100.0
    shadow_share: float | None = Field(
        default=None, description="Then it is a candidate that only looks on."
    )


class RolloutView(BaseModel):
    """One rollout in the history of a model."""

    number: int
    made_at: AwareDatetime
    made_by: str
    reason: str
    rules: list[RolloutRuleView]


class MadeRolloutView(RolloutView):
    """A rollout that was just made."""

    boxes_changed: int


class ModelDetail(BaseModel):
    """All that is known of a model."""

    model: str
    versions: list[ModelVersionInFull]
    rollouts: list[RolloutView]


class BoxProgress(BaseModel):
    """How far one box has come with a model."""

    box: str
    online: bool
    wished: str | None
    shadow_wished: str | None
    runs: str | None
    shadow_runs: str | None
    says: str | None = Field(description="applied, refused: … or needs restart: …")
    shadow_disagreement: float | None = Field(description="Share of things, 0..1; null: unknown.")
    counters: dict[str, int]


class BoxProgressPage(BaseModel):
    """How far boxes have come."""

    model: str
    items: list[BoxProgress]


class LabelledBoxView(BaseModel):
    """One thing in a picture; corners as shares of width and height."""

    label: str
    box_xyxy: list[float] = Field(min_length=4, max_length=4)
    confidence: float | None = Field(default=None, description="The model's; null: a person's.")


class ReviewItemView(BaseModel):
    """One picture to look at again."""

    id: str
    box: str
    camera: str
    model: str
    reason: ReviewReason
    taken_at: AwareDatetime
    evidence: str = Field(description="SHA-256 of the picture in the store of evidence.")
    width: int
    height: int
    redacted: bool = True
    boxes: list[LabelledBoxView] = []
    further_model: str | None = Field(
        default=None,
        description="Id of the camera's further model that looked; null: its first, or nobody knows.",
    )


class ReviewDecisionView(BaseModel):
    """What a person said of it."""

    accepted: bool
    boxes: list[LabelledBoxView] = []


class ReviewView(BaseModel):
    """A picture and what was said of it."""

    item: ReviewItemView
    network: str = Field(
        description="The network in all its versions: `item.model` without version and hash."
    )
    state: ReviewState
    decision: ReviewDecisionView | None
    decided_at: AwareDatetime | None
    decided_by: str | None


class ReviewPage(BaseModel):
    """A page of pictures."""

    items: list[ReviewView]
    next_cursor: str | None


class ReviewSaid(BaseModel):
    """What became of a picture."""

    id: str
    state: ReviewState
