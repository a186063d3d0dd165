"""control.v1: what the API tells gateways; command.v1 and result.v1; config desired and reported."""

from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct

from contracts.envelope import Evidence, Id, Moment, Ratio, Sha256

__all__ = [
    "Command",
    "CommandName",
    "CommandResult",
    "Comparison",
    "ConfigDesired",
    "ConfigReported",
    "Control",
    "ControlAction",
    "Mode",
]


class ControlAction(StrEnum):
    """What a control message asks for."""

    ACKNOWLEDGE = "acknowledge"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    MODE = "mode"


class Mode(StrEnum):
    """平急: everyday or emergency operation. Source: requirements RUL-11."""

    NORMAL = "normal"
    EMERGENCY = "emergency"


class Control(Struct, frozen=True, kw_only=True, tag="control.v1", tag_field="type"):
    """One instruction from the API down to the gateways of a district."""

    id: str
    action: ControlAction
    at: Moment
    by: str
    reason: str = ""
    event_id: str | None = None
    rule: str | None = None
    key: dict[str, str] = {}
    until: Moment | None = None
    mode: Mode | None = None
    district: str | None = None
    """Of ``mode``: the district that it holds in; None: wherever the message is heard."""
    grid: str | None = None
    """Of ``mode``: only in cells of the unit grid whose code begins like this; None: in all."""


class CommandName(StrEnum):
    """What a box can be told to do."""

    SNAPSHOT = "snapshot"
    """Take one redacted picture of a ``camera`` and upload it; perhaps of a ``zone``, perhaps compared
    with the picture ``before`` (its SHA-256)."""
    RELOAD = "reload"
    """Read the box's own configuration again and apply what can be applied while it runs."""
    ACT = "act"
    """Pass an order on to a device (sign, siren, barrier, pump): ``device``, ``command``, ``event``,
    ``rule``, and the command's own arguments as ``arg.NAME``."""


class Command(Struct, frozen=True, kw_only=True, tag="command.v1", tag_field="type"):
    """An order to a box. ``id`` makes it idempotent; after ``expires_at`` it is not carried out."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    name: CommandName
    at: Moment
    expires_at: Moment
    args: dict[str, str] = {}


class Comparison(Struct, frozen=True, kw_only=True):
    """Two pictures of one place: is what was there before gone?"""

    before: Sha256
    after: Sha256
    changed: bool
    score: Ratio
    """Share of what was looked at that differs."""
    confidence: Ratio
    """How sure that is: 0.5 at the threshold, 1 where all or nothing differs."""


class CommandResult(Struct, frozen=True, kw_only=True, tag="result.v1", tag_field="type"):
    """What became of a command."""

    id: str
    box: Id
    at: Moment
    ok: bool
    detail: str = ""
    evidence: tuple[Evidence, ...] = ()
    comparison: Comparison | None = None
    """For a snapshot that names a picture from before."""


class ConfigDesired(Struct, frozen=True, kw_only=True, tag="config.desired.v1", tag_field="type"):
    """The configuration a box should run, with its hash."""

    box: Id
    version: Annotated[int, Meta(ge=0)]
    sha256: str
    config: dict[str, Any]


class ConfigReported(Struct, frozen=True, kw_only=True, tag="config.reported.v1", tag_field="type"):
    """The configuration a box does run, and per section whether it could be applied."""

    box: Id
    version: Annotated[int, Meta(ge=0)]
    sha256: str
    at: Moment
    sections: dict[str, str] = {}
    """Section name to ``applied`` or the reason why not."""
    scenes: dict[Id, dict[str, Any]] = {}
    """Camera to what is drawn on its picture as it runs: ``zones``, ``lines``, ``masks`` and
    ``calibration``, in the form of the box's own file."""
