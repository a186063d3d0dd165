"""What is drawn on a camera's picture: as it runs, as it is desired, and whether both agree."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from contracts.registry import BoxReport, DesiredConfig

__all__ = ["PARTS", "Delivery", "SectionState", "delivery_of", "desired_scene", "with_scene"]

PARTS = ("zones", "lines", "masks", "calibration")
"""Fields of a camera that are drawn on its picture."""

_CAMERAS = "cameras"
_APPLIED, _REFUSED, _RESTART = "applied", "refused: ", "needs restart: "


class SectionState(StrEnum):
    """How far a camera's desired configuration has come."""

    OWN = "own"
    """Nothing is desired: the camera runs what the box's own file says."""
    PENDING = "pending"
    """The box has not said yet that it knows of it."""
    APPLIED = "applied"
    """It is in force."""
    REFUSED = "refused"
    """The box refused it, with a reason."""
    NEEDS_RESTART = "needs_restart"
    """A part of it comes into force when the box starts again."""


class Delivery(NamedTuple):
    """State, and the box's reason where there is one."""

    state: SectionState
    reason: str


def desired_scene(desired: DesiredConfig | None, camera: str) -> dict[str, Any]:
    """Return the parts that are desired for a camera; a part that is not there is the box's own."""
    section = _section(desired, camera)
    return {part: section[part] for part in PARTS if part in section}


def with_scene(config: Mapping[str, Any], camera: str, scene: Mapping[str, Any]) -> dict[str, Any]:
    """Return a box's desired configuration with another scene for one camera; all else stays."""
    cameras = config.get(_CAMERAS)
    cameras = cameras if isinstance(cameras, dict) else {}
    section = cameras.get(camera)
    section = section if isinstance(section, dict) else {}
    drawn = {part: scene[part] for part in PARTS if part in scene}
    return {**config, _CAMERAS: {**cameras, camera: {**section, **drawn}}}


def delivery_of(desired: DesiredConfig | None, report: BoxReport | None, camera: str) -> Delivery:
    """Return how far a camera's desired configuration has come."""
    if desired is None or not _section(desired, camera):
        return Delivery(SectionState.OWN, "")
    if report is None or report.config_sha256 != desired.sha256:
        return Delivery(SectionState.PENDING, "")
    said = report.sections.get(f"{_CAMERAS}.{camera}", "")
    if said == _APPLIED:
        return Delivery(SectionState.APPLIED, "")
    if said.startswith(_RESTART):
        return Delivery(SectionState.NEEDS_RESTART, said.removeprefix(_RESTART))
    return Delivery(SectionState.REFUSED, said.removeprefix(_REFUSED))


def _section(desired: DesiredConfig | None, camera: str) -> dict[str, Any]:
    cameras = {} if desired is None else desired.config.get(_CAMERAS)
    section = cameras.get(camera) if isinstance(cameras, dict) else None
    return section if isinstance(section, dict) else {}
