"""One picture and what is in it: the plain form that every format is imported into."""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

__all__ = ["Box", "Manifest", "Picture", "content_version", "ordered"]

_VERSION_DIGITS = 16
"""Hex digits of a version: 64 bits, so that a million data sets do not collide."""


class Box(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing in a picture."""

    label: str
    xyxy: tuple[float, float, float, float]
    """Left, top, right, bottom in pixels."""
    visible: float = 1.0
    """Share (0..1) of it that nothing covers."""
    track: int | None = None
    """Number of the thing in its recording; None: not known."""
    ignored: bool = False
    """Whether it is too small, too hidden or a crowd: neither wanted nor blamed (COCO's ``iscrowd``)."""


class Picture(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One picture."""

    sha256: str
    """Of the file's bytes; also its name in the store."""
    suffix: str
    """``.jpg`` or ``.png``."""
    width: int
    height: int
    camera: str
    """Which camera took it."""
    scene: str
    """Which continuous recording it belongs to."""
    at_s: float | None = None
    """Second of the recording; None: not known."""
    tags: tuple[str, ...] = ()
    """Words about it: night, rain, glare, occlusion."""
    split: str = ""
    """``train``, ``val`` or ``test``; empty before the split."""
    boxes: tuple[Box, ...] = ()
    source: str = ""
    """Where it came from; says nothing about the content, and does not change the version."""

    @property
    def file(self) -> str:
        """Path of the picture below the store's folder ``pictures``."""
        return f"{self.sha256[:2]}/{self.sha256}{self.suffix}"


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a version is. Written once, never changed."""

    version: str
    parent: str | None
    """Version that it was made from; None: it was imported or drawn."""
    made_by: str
    """The command that made it first."""
    classes: tuple[str, ...]
    """Labels in the order in which a network numbers them."""
    pictures: int
    boxes: int


def ordered(pictures: Iterable[Picture]) -> list[Picture]:
    """Return pictures in the one order in which they are stored and hashed."""
    return sorted(
        pictures,
        key=lambda one: (
            one.camera,
            one.scene,
            -1.0 if one.at_s is None else one.at_s,
            one.sha256,
            one.split,
        ),
    )


def content_version(pictures: Iterable[Picture], classes: Sequence[str]) -> str:
    """Return the version of a content: 16 hex digits; equal contents in any order have equal ones."""
    digest = hashlib.sha256(msgspec.json.encode(list(classes)))
    lines = [msgspec.json.encode(_canonical(one)) for one in pictures]
    for line in sorted(lines):
        digest.update(b"\n" + line)
    return digest.hexdigest()[:_VERSION_DIGITS]


def _canonical(picture: Picture) -> Picture:
    """Return a picture whose numbers are written in one way, in one order, without its source."""
    boxes = (
        msgspec.structs.replace(
            box, xyxy=tuple(float(value) for value in box.xyxy), visible=float(box.visible)
        )
        for box in picture.boxes
    )
    return msgspec.structs.replace(
        picture,
        source="",
        at_s=None if picture.at_s is None else float(picture.at_s),
        boxes=tuple(sorted(boxes, key=_box_order)),
    )


def _box_order(box: Box) -> tuple[str, tuple[float, ...], float, int, bool]:
    return box.label, box.xyxy, box.visible, -1 if box.track is None else box.track, box.ignored
