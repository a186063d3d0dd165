"""Networks that can be trained, by name. Known without torch, so that help and checks are quick."""

from enum import StrEnum

from msgspec import Struct

from models.training.errors import ArchitectureUnknown

__all__ = ["ARCHITECTURES", "Architecture", "Family", "find_architecture"]


class Family(StrEnum):
    """Where a network comes from."""

    OWN = "own"
    """Of this project, Apache-2.0."""
    ULTRALYTICS = "ultralytics"
    """Of the package ultralytics, AGPL-3.0: the user's own choice."""


class Architecture(Struct, frozen=True, kw_only=True):
    """One network."""

    name: str
    family: Family
    summary: str
    widths: tuple[int, ...] = ()
    """Channels at strides 2, 4, 8, 16 and 32; of the own family only."""
    depths: tuple[int, ...] = ()
    """Blocks at strides 4, 8, 16 and 32."""
    head: int = 0
    """Channels of the heads."""
    apart: bool = True
    """Whether 3 x 3 convolutions are taken apart into depthwise and 1 x 1."""


ARCHITECTURES: dict[str, Architecture] = {
    one.name: one
    for one in (
        Architecture(
            name="street-nano",
            family=Family.OWN,
            summary="0.9 M parameters, depthwise: as large as YOLOX-nano",
            widths=(16, 32, 64, 128, 256),
            depths=(1, 3, 3, 1),
            head=64,
        ),
        Architecture(
            name="street-thin",
            family=Family.OWN,
            summary="0.5 M parameters, plain convolutions: learns 1.5 times as many pictures a second",
            widths=(12, 24, 32, 64, 96),
            depths=(1, 1, 2, 1),
            head=32,
            apart=False,
        ),
        Architecture(
            name="yolo11n",
            family=Family.ULTRALYTICS,
            summary="2.6 M parameters, AGPL-3.0",
        ),
        Architecture(
            name="yolov8n",
            family=Family.ULTRALYTICS,
            summary="3.2 M parameters, AGPL-3.0",
        ),
    )
}
"""Sizes of the own ones are counted by a test; of the others, source: their documentation."""


def find_architecture(name: str) -> Architecture:
    """Return a network by its name.

    Raises:
        ArchitectureUnknown: there is none of that name.
    """
    found = ARCHITECTURES.get(name)
    if found is None:
        raise ArchitectureUnknown(
            f"architecture {name!r} is unknown; choose one of {', '.join(ARCHITECTURES)}"
        )
    return found
