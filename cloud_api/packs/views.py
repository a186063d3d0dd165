"""Rule packs and proposals as the API shows them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "CheckBody",
    "CheckView",
    "ComparisonView",
    "DecisionBody",
    "FiringView",
    "GatewayView",
    "MovedView",
    "PackDetail",
    "PackFindingView",
    "PackList",
    "PackRow",
    "ProposalBody",
    "ProposalDetail",
    "ProposalList",
    "ProposalView",
    "RunView",
    "TrialBody",
    "TrialView",
]

_Text = Field(min_length=1, max_length=2_000_000)


class RunView(BaseModel):
    """A pack at one gateway."""

    gateway: str
    sha256: str | None = Field(description="What it runs; null: not this pack.")
    state: Literal["applied", "pending", "refused", "own"] = Field(
        description="applied: what was approved; own: nothing was approved."
    )


class PackRow(BaseModel):
    """A pack, what gateways run of it, and what was approved."""

    name: str
    sha256: str = Field(description="What is in force; empty: no gateway runs it.")
    source: Literal["shipped", "approved", "own"] = Field(
        description="Where that comes from: as it ships, approved here, or a file of the gateway's."
    )
    wanted_sha256: str | None = Field(description="What was approved last; null: nothing.")
    runs: list[RunView]
    proposed: int = Field(description="Proposals that wait for a second person.")


class GatewayView(BaseModel):
    """A gateway and its packs."""

    gateway: str
    at: datetime
    packs: int
    refused: str = Field(description="Why what it was given is not in force; empty: it is.")


class PackList(BaseModel):
    """All packs."""

    items: list[PackRow]
    gateways: list[GatewayView]
    stored_data: bool = Field(description="Whether there is data to try rules on here.")
    now: datetime = Field(description="By the API's clock.")


class ProposalView(BaseModel):
    """A change of one pack, made by one person, decided by another."""

    proposal: str
    number: int
    pack: str
    base_sha256: str
    sha256: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    state: Literal["proposed", "approved", "rejected"]
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None


class ProposalList(BaseModel):
    """Proposals, newest first."""

    items: list[ProposalView]


class ProposalDetail(ProposalView):
    """A proposal with its texts."""

    text: str
    base_text: str


class PackDetail(BaseModel):
    """A pack with its text and history."""

    name: str
    sha256: str
    text: str
    files: list[str] = Field(description="Names of the files that its tables are in.")
    proposals: list[ProposalView]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CheckBody(_Body):
    """A pack's text."""

    text: str = _Text


class PackFindingView(BaseModel):
    """One thing that is wrong; line and column count from 1."""

    line: int
    column: int
    severity: Literal["error", "warning"]
    message: str


class CheckView(BaseModel):
    """What a check found."""

    errors: int
    warnings: int
    findings: list[PackFindingView]


class TrialBody(_Body):
    """A pack's text, and what it is tried on."""

    text: str = _Text
    table: str | None = Field(default=None, max_length=6_000_000, description="A CSV of readings.")
    mapping: str | None = Field(default=None, max_length=20_000, description="Its columns, YAML.")
    since: datetime | None = None
    until: datetime | None = None


class FiringView(BaseModel):
    """One episode that would have been raised."""

    model_config = ConfigDict(extra="ignore")

    event_type: str
    rule: str
    key: dict[str, str]
    level: str
    onset_at: datetime
    raised_at: datetime
    ended_at: datetime | None
    title_zh: str
    title_en: str


class MovedView(BaseModel):
    """One episode that both versions raise, differently."""

    model_config = ConfigDict(extra="ignore")

    old: FiringView
    new: FiringView
    raised_by_s: float
    ended_by_s: float | None
    level: list[str]


class ComparisonView(BaseModel):
    """What a change does to the alarms."""

    model_config = ConfigDict(extra="ignore")

    same: int
    added: list[FiringView]
    removed: list[FiringView]
    moved: list[MovedView]


class TrialView(BaseModel):
    """What a pack would have raised."""

    records: int
    first_at: datetime | None
    last_at: datetime | None
    count: int
    events: list[FiringView] = Field(description="The first 500.")
    by_rule: dict[str, int]
    unusable: dict[str, Any]
    comparison: ComparisonView | None = Field(description="null: nothing is in force to compare.")


class ProposalBody(_Body):
    """A change to be approved."""

    text: str = _Text
    base_sha256: str = Field(pattern=r"^([0-9a-f]{64})?$", description="What it was made from.")
    reason: str = Field(min_length=1, max_length=500)


class DecisionBody(_Body):
    """What a second person says."""

    approve: bool
    reason: str = Field(min_length=1, max_length=500)
