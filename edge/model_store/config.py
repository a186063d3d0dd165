"""Configuration of signed models: whom the box trusts, and which bundles it should run."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Sha256
from runtime.bundles.manifest import VERSION_PATTERN

__all__ = ["BundleRef", "CandidateRef", "ModelStoreConfig", "ModelWish"]

_Seconds = Annotated[float, Meta(gt=0.0)]


class ModelStoreConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the box takes signed models. Only its own file can say this, never the API."""

    trust: str = "model-keys.json"
    """Book of the keys that may sign models, relative to the configuration file; made by ``cityloop
    models trust``. Default: model-keys.json."""
    path: str = "models"
    """Folder of bundles and unpacked networks, relative to the configuration file. Default: models."""
    most_bytes: Annotated[int, Meta(ge=1_000)] = 300_000_000
    """Largest bundle that is taken. Default: 300 MB."""
    trial_s: _Seconds = 120.0
    """Seconds that loading a new model and its self-test may take. Default: 120 s."""
    probation_s: _Seconds = 60.0
    """Seconds that a new model must work without a fault before the old one is let go. Default: 60 s."""
    probation_frames: Annotated[int, Meta(ge=1)] = 25
    """Frames that it must have looked at by then. Default: 25."""
    retry_s: _Seconds = 300.0
    """Longest seconds between two attempts to download, after failures. Default: 5 minutes."""


class BundleRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One bundle in the API's registry."""

    version: Annotated[str, Meta(pattern=VERSION_PATTERN)]
    """Version, for the address and for people."""
    sha256: Sha256
    """SHA-256 of the whole bundle."""
    size_bytes: Annotated[int, Meta(ge=1)]
    """Its size."""


class CandidateRef(BundleRef, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bundle that runs in the shadow of the one that counts."""

    share: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.05
    """Share of the frames looked at that the candidate looks at too. Default: 0.05."""


class ModelWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What cameras with ``detector.bundle`` of this name should run."""

    active: BundleRef | None = None
    """The bundle whose findings count. Default: none: the camera's own ``detector.model``."""
    candidate: CandidateRef | None = None
    """A bundle that is compared with it. Default: none."""
