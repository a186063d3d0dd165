"""What a desired configuration makes of a box's own: section by section, each good or refused.

A desired configuration names only what shall differ from the box's file: fields of the box
(``status_every_s``, ``update_every_s``, ``priorities``), cameras by id, sensors by subject and signed models
by id. Pure functions.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from contracts.control import ConfigDesired
from edge.camera_config import CameraConfig, OnnxConfig
from edge.config import EdgeConfig, check_edge_config
from runtime.errors import ConfigError
from runtime.yaml_document import parse_document

__all__ = [
    "APPLIED",
    "NEEDS_RESTART",
    "Overlay",
    "camera_restart_fields",
    "hot_camera",
    "overlay",
]

APPLIED = "applied"
NEEDS_RESTART = "needs restart"

_OWN = ("status_every_s", "update_every_s", "priorities")
"""Fields of the box itself that a desired configuration may hold."""
_HOT_CAMERA = (
    "zones",
    "lines",
    "masks",
    "calibration",
    "fps",
    "tracks_every_s",
    "counts_every_s",
    "offline_after_s",
    "online_after_s",
)
"""Fields of a camera that change while it runs, tracks and all."""


class Overlay(msgspec.Struct, frozen=True, kw_only=True):
    """A box's configuration with what is desired laid over it."""

    config: EdgeConfig
    refused: dict[str, str]
    """Section to the reason why it stays as it was."""
    sections: tuple[str, ...]
    """Every section that was desired: ``status_every_s``, ``cameras.c-1``, ``sensors.w-1``."""


def overlay(own: EdgeConfig, desired: ConfigDesired | None) -> Overlay:
    """Return a configuration with what is desired laid over it.

    Each section is tried by itself: a wrong zone on one camera leaves the others alone.

    Args:
        own: the box's own file.
        desired: what the API wants; None wants nothing.
    """
    config, refused, sections = own, dict[str, str](), list[str]()
    for section, values in _sections({} if desired is None else desired.config):
        sections.append(section)
        try:
            config = _with(config, section, values)
        except ConfigError as error:
            refused[section] = f"refused: {_reason(error)}"
        except ValueError as error:
            refused[section] = f"refused: {error}"
    return Overlay(config=config, refused=refused, sections=tuple(sections))


def _sections(desired: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return what is desired piece by piece, cameras and sensors one by one."""
    found: list[tuple[str, Any]] = []
    for name, values in desired.items():
        if name in {"cameras", "sensors", "models"} and isinstance(values, Mapping):
            found.extend((f"{name}.{key}", fields) for key, fields in values.items())
        else:
            found.append((name, values))
    return found


def _with(config: EdgeConfig, section: str, values: Any) -> EdgeConfig:
    """Return a configuration with one section changed.

    Raises:
        ConfigError: the section makes the configuration wrong.
        ValueError: there is no such section, or it is no set of fields.
    """
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(config))
    kind, _, name = section.partition(".")
    if not name:
        if kind not in _OWN:
            expected = ", ".join((*_OWN, "cameras.ID", "sensors.SUBJECT", "models.ID"))
            raise ValueError(f"{kind[:40]!r} cannot be desired; expected one of {expected}")
        document[kind] = values
    elif kind == "models":
        document[kind][name] = values
    else:
        key = "id" if kind == "cameras" else "subject"
        entry = next((one for one in document[kind] if one.get(key) == name), None)
        if entry is None:
            known = ", ".join(str(one.get(key)) for one in document[kind]) or "none"
            raise ValueError(
                f"there is no {kind.removesuffix('s')} {name[:64]!r}; there is {known}"
            )
        if not isinstance(values, Mapping):
            raise ValueError(f"expected fields and values, got {type(values).__name__}")
        if values.get(key, name) != name:
            raise ValueError(f"{key} cannot be changed")
        for field, value in values.items():
            former = entry.get(field)
            merges = isinstance(former, dict) and isinstance(value, Mapping)
            entry[field] = {**former, **value} if merges else value
    text = msgspec.json.encode(document).decode()
    return check_edge_config(parse_document(text, "desired"))


def _reason(error: ConfigError) -> str:
    """Return what is wrong without line and column, which nobody could look at."""
    return str(error).split(": ", 1)[-1]


def hot_camera(running: CameraConfig, wanted: CameraConfig) -> CameraConfig:
    """Return the camera as it runs, with the fields of ``wanted`` that can change as it runs."""
    hot = msgspec.structs.replace(running, **{name: getattr(wanted, name) for name in _HOT_CAMERA})
    now, then = running.detector, wanted.detector
    if isinstance(now, OnnxConfig) and isinstance(then, OnnxConfig):
        detector = msgspec.structs.replace(now, confidence=then.confidence)
        hot = msgspec.structs.replace(hot, detector=detector)
    return hot


def camera_restart_fields(running: CameraConfig, wanted: CameraConfig) -> tuple[str, ...]:
    """Return the fields that still differ when all that is hot was changed."""
    hot = hot_camera(running, wanted)
    return tuple(
        field.name
        for field in msgspec.structs.fields(CameraConfig)
        if getattr(hot, field.name) != getattr(wanted, field.name)
    )
