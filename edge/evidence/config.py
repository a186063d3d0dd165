"""Configuration of pictures and clips: what is made, how it is redacted, where it is kept."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Sha256

__all__ = [
    "CameraEvidenceConfig",
    "ClipConfig",
    "EvidenceConfig",
    "FaceKind",
    "FaceModelConfig",
    "OriginalsConfig",
    "PlateModelConfig",
    "RedactPolicy",
]


class RedactPolicy(StrEnum):
    """What is made illegible in pictures before they leave the box."""

    AUTO = "auto"
    """All but the subject, and the subject too, below what can be recognised; places coarsely."""
    OBJECTS = "objects"
    """All foreground and all dilated boxes; still the whole picture when unsure."""
    WHOLE = "whole"
    """The whole picture, always."""
    FACES = "faces"
    """As auto, but clothes and surroundings sharper; heads and whatever face the network of
    ``evidence.faces`` finds are covered. Without it as auto."""
    PLATES = "plates"
    """As auto, but a vehicle sharper in which the network of ``evidence.plates`` surely sees a plate; every
    plate that it finds is covered. Without it as auto."""
    FACES_AND_PLATES = "faces-and-plates"
    """Both; whichever network is not there counts as its not being wished for."""

    @property
    def uses_faces(self) -> bool:
        """Whether faces are looked for."""
        return self in {RedactPolicy.FACES, RedactPolicy.FACES_AND_PLATES}

    @property
    def uses_plates(self) -> bool:
        """Whether plates are looked for."""
        return self in {RedactPolicy.PLATES, RedactPolicy.FACES_AND_PLATES}


class FaceKind(StrEnum):
    """How a face network is read."""

    YUNET = "yunet"
    """YuNet (OpenCV zoo)."""
    CENTERFACE = "centerface"
    """CenterFace."""


class FaceModelConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A face network of the user's own; none is shipped."""

    model: str
    """Path of the ONNX file, relative to the configuration file."""
    kind: FaceKind = FaceKind.YUNET
    """yunet or centerface. Default: yunet."""
    confidence: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.2
    """Least score (0..1) of what is covered as a face; lower covers more. Default: 0.2."""


class PlateModelConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plate network of the user's own, of one class; none is shipped."""

    model: str
    """Path of the ONNX file, relative to the configuration file; YOLOX or Ultralytics layout."""
    sha256: Sha256
    """SHA-256 of the file, 64 hex digits; another file is refused."""
    confidence: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.2
    """Least score (0..1) of what is covered as a plate; lower covers more. Default: 0.2."""
    sure_confidence: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.5
    """Least score (0..1) of a plate for whose sake its vehicle is shown sharper; higher shows fewer.
    Default: 0.5."""


class ClipConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Clips around what goes on for a while.

    As the camera coded them they stay on the box, encrypted, where ``evidence.originals`` is set.
    """

    before_s: Annotated[float, Meta(ge=0.0, le=60.0)] = 5.0
    """Seconds of a clip before the episode is told, at the least. Default: 5 s."""
    after_s: Annotated[float, Meta(gt=0.0, le=120.0)] = 10.0
    """Seconds after it. Default: 10 s."""
    send: bool = False
    """Whether a coarsely pixelated clip goes as evidence. Default: false."""
    budget_bytes: Annotated[int, Meta(ge=100_000)] = 16_000_000
    """Most bytes of the camera's stream kept in memory, which no clip exceeds. Default: 16 MB."""

    @property
    def span_s(self) -> float:
        """Seconds of the stream that must be kept: the clip, and as long as its end is waited for."""
        return self.before_s + self.after_s + 5.0


class CameraEvidenceConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pictures of what was observed."""

    pictures: bool = True
    """Whether observations carry a picture. Default: true."""
    redact: RedactPolicy = RedactPolicy.AUTO
    """auto, faces, plates, faces-and-plates, objects or whole. Default: auto."""
    context: bool = True
    """Whether observations of what goes on for a while also carry a picture from some seconds before,
    and the latest. Default: true."""
    clip: ClipConfig | None = None
    """Clips around what goes on for a while. Default: none."""


class OriginalsConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Unblurred originals that stay on the box, encrypted, for a short while."""

    key_file: str | None = None
    """File with the key, 32 bytes in base64, relative to the configuration file. Either this or
    ``key_env``. Default: none."""
    key_env: str | None = None
    """Environment variable with the key. Default: none."""
    path: str = "originals"
    """Folder, relative to the configuration file; made if missing. Default: originals."""
    ttl_h: Annotated[float, Meta(gt=0.0, le=720.0)] = 72.0
    """Hours that an original lives, 720 at most. Default: 72 h."""
    budget_bytes: Annotated[int, Meta(ge=1_000_000)] = 1_000_000_000
    """Most bytes kept; the oldest go first. Default: 1 GB."""
    log: str = "releases.jsonl"
    """File with a line for each release, relative to the configuration file. Default:
    releases.jsonl."""


class EvidenceConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where pictures wait for their upload."""

    path: str = "evidence"
    """Folder, relative to the configuration file; made if missing. Default: evidence."""
    budget_bytes: Annotated[int, Meta(ge=1_000_000)] = 500_000_000
    """Most bytes kept; the oldest pictures go first. Default: 500 MB."""
    faces: FaceModelConfig | None = None
    """Face network for cameras that redact by ``faces``. Default: none."""
    plates: PlateModelConfig | None = None
    """Plate network for cameras that redact by ``plates``. Default: none."""
    originals: OriginalsConfig | None = None
    """Whether originals are kept. Default: none are."""
