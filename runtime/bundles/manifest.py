"""What a bundle says of its model; the bytes that are signed."""

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from contracts.envelope import Id, Moment, Ratio, Sha256

__all__ = [
    "VERSION_PATTERN",
    "ExpectedBox",
    "Golden",
    "Manifest",
    "Part",
    "Thresholds",
    "decode_manifest",
    "encode_manifest",
    "version_key",
]

VERSION_PATTERN = r"^[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}(-[0-9a-z.-]{1,32})?$"
"""Versions look like 1.4.0, perhaps with a suffix: 1.4.0-rc.1."""

_Size = Annotated[int, Meta(ge=1, le=4_000_000_000)]
_Text = Annotated[str, Meta(max_length=2000)]
_Pixels = Annotated[int, Meta(ge=32, le=4096)]


class Part(Struct, frozen=True, kw_only=True):
    """One file inside a bundle."""

    size_bytes: _Size
    sha256: Sha256


class ExpectedBox(Struct, frozen=True, kw_only=True):
    """A thing that the model finds in its golden picture."""

    label: _Text
    confidence: Ratio
    box_xyxy: tuple[Ratio, Ratio, Ratio, Ratio]
    """Shares of the picture's width and height."""


class Golden(Struct, frozen=True, kw_only=True):
    """A picture that the model must still understand where it runs, and what it finds in it."""

    picture: Part
    """A PNG or JPEG."""
    boxes: Annotated[tuple[ExpectedBox, ...], Meta(min_length=1, max_length=300)]
    min_iou: Ratio = 0.5
    """Least overlap, 0..1, of a found box with an expected one."""
    confidence_within: Ratio = 0.2
    """Largest difference of confidence: processors and half precision differ a little."""


class Thresholds(Struct, frozen=True, kw_only=True):
    """Confidences and overlaps that the model was judged with, 0..1."""

    confidence: Ratio = 0.45
    low_confidence: Ratio = 0.1
    nms_iou: Ratio = 0.45


class Manifest(Struct, frozen=True, kw_only=True):
    """Everything that is known of a bundled model. Fields that are unknown here are let pass."""

    format: Literal[1] = 1
    id: Id
    """Name of the model; cameras ask for it in ``detector.bundle``."""
    version: Annotated[str, Meta(pattern=VERSION_PATTERN)]
    counter: Annotated[int, Meta(ge=1, le=2**53)]
    """Anti-rollback counter: a box takes only what has a higher one than what it has confirmed."""
    made_at: Moment
    network: Part
    """The ONNX file."""
    layout: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}$")]
    """How its output is read: yolox, ultralytics or ultralytics-nms."""
    input_px: tuple[_Pixels, _Pixels]
    """Rows and columns of its input."""
    labels: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=80)], ...],
        Meta(min_length=1, max_length=1000),
    ]
    licence: Annotated[str, Meta(min_length=1, max_length=80)]
    """SPDX identifier of the weights' licence."""
    thresholds: Thresholds = Thresholds()
    minimum_agent: Annotated[str, Meta(pattern=VERSION_PATTERN)] = "0.1.0"
    """Oldest cityloop that can run it."""
    golden: Golden
    dataset: Annotated[str, Meta(max_length=128)] = ""
    """Version of the data set that it was trained on."""
    notes: _Text = ""

    @property
    def file_name(self) -> str:
        """Name of the network where it is unpacked; messages show it as part of the model's id."""
        return f"{self.id}-{self.version}.onnx"


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as the bytes that are signed: JSON with sorted keys."""
    return msgspec.json.encode(manifest, order="sorted")


def decode_manifest(content: bytes) -> Manifest:
    """Return the manifest in these bytes.

    Raises:
        msgspec.DecodeError: they are no manifest that this version reads.
    """
    return msgspec.json.decode(content, type=Manifest)


def version_key(version: str) -> tuple[int, int, int]:
    """Return the numbers of a version, for comparisons; suffixes do not count."""
    found = re.match(r"([0-9]+)\.([0-9]+)\.([0-9]+)", version)
    if found is None:
        return (0, 0, 0)
    return (int(found[1]), int(found[2]), int(found[3]))
