"""Makes a signed bundle of an ONNX file: looks at it with the code that runs on the box."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from edge.errors import ModelError
from edge.model_store.self_test import golden_frame, seen_boxes
from edge.vision.onnx_detector import OnnxDetector
from edge.vision.onnx_model import OnnxModel
from runtime.bundles.bundle_file import write_bundle
from runtime.bundles.manifest import (
    Golden,
    Manifest,
    Part,
    Thresholds,
    decode_manifest,
    encode_manifest,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["PackingPlan", "describe_model", "pack_model"]

_FORMS = {
    "version": "--version must be three numbers with points, as 1.4.0",
    "minimum_agent": "--minimum-agent must be three numbers with points, as 0.1.0",
    "id": "--id must be lower-case letters, digits and hyphens, at most 64, as street-sim",
}
"""What to say of fields whose form a person cannot read from a pattern."""


class PackingPlan(Struct, frozen=True, kw_only=True):
    """What the packer says of a model; the rest is seen by looking at it."""

    id: str
    version: str
    counter: int
    licence: str
    network: Path
    """The ONNX file."""
    golden: Path
    """A picture (PNG or JPEG) in which the model finds something."""
    layout: str = "auto"
    labels: tuple[str, ...] | None = None
    """Class names; None takes the file's own."""
    thresholds: Thresholds = Thresholds()
    minimum_agent: str = "0.1.0"
    dataset: str = ""
    notes: str = ""


def describe_model(plan: PackingPlan, now: datetime) -> tuple[Manifest, bytes, bytes]:
    """Return the manifest of a model, its network and its golden picture.

    Raises:
        ModelError: the network cannot be used by a box, finds nothing in its golden picture, or
            what is said of it breaks the manifest's rules.
    """
    model = OnnxModel(plan.network, layout=plan.layout, names=plan.labels)
    detector = OnnxDetector(
        plan.network,
        layout=model.layout.value,
        names=model.names,
        confidence=plan.thresholds.low_confidence,
        nms_iou=plan.thresholds.nms_iou,
    )
    network = plan.network.read_bytes()
    try:
        picture = plan.golden.read_bytes()
    except OSError as error:
        msg = f"golden picture {plan.golden}: {error.strerror}; check its path"
        raise ModelError(msg) from error
    boxes = seen_boxes(detector, golden_frame(picture), plan.thresholds.confidence)
    if not boxes:
        msg = (
            f"model {plan.network}: it finds nothing in {plan.golden} from confidence "
            f"{plan.thresholds.confidence:g} on, so that the picture would prove nothing; take one "
            "that shows its classes"
        )
        raise ModelError(msg)
    manifest = Manifest(
        id=plan.id,
        version=plan.version,
        counter=plan.counter,
        made_at=now,
        network=_part(network),
        layout=model.layout.value,
        input_px=(model.height, model.width),
        labels=model.names,
        licence=plan.licence,
        thresholds=plan.thresholds,
        minimum_agent=plan.minimum_agent,
        golden=Golden(picture=_part(picture), boxes=boxes),
        dataset=plan.dataset,
        notes=plan.notes,
    )
    try:
        decode_manifest(encode_manifest(manifest))
    except msgspec.ValidationError as error:
        what = next((text for field, text in _FORMS.items() if f"$.{field}" in str(error)), "")
        raise ModelError(f"model {plan.network}: {what or error}") from error
    return manifest, network, picture


def pack_model(
    plan: PackingPlan, out: Path, keys: "Sequence[Ed25519PrivateKey]", now: datetime
) -> Manifest:
    """Write the signed bundle of a model; return its manifest.

    Args:
        plan: what is packed.
        out: the new file.
        keys: who signs.
        now: the moment.

    Raises:
        ModelError: the network cannot be used by a box, or finds nothing in its golden picture.
        OSError: the file cannot be written.
    """
    manifest, network, picture = describe_model(plan, now)
    write_bundle(out, manifest, network=network, picture=picture, keys=keys)
    return manifest


def _part(content: bytes) -> Part:
    return Part(size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
