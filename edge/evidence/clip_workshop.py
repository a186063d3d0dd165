"""What becomes of a clip: the camera's own stays here, encrypted; a redacted one may go."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import av.error
import cv2
import structlog

from contracts.envelope import Evidence, Redaction
from contracts.observation import OriginalClip
from edge.cameras.clip import CLIP_MEDIA_TYPE, Clip
from edge.evidence.clip_redaction import redacted_clip
from edge.evidence.spool import Spool
from edge.evidence.vault import Vault
from edge.evidence.view import Polygon

__all__ = ["ClipWorkshop", "Kept", "Redacted"]

_LOG = structlog.get_logger("edge.evidence")


@dataclass(frozen=True, slots=True)
class Redacted:
    """A clip that may leave the box."""

    data: bytes
    redaction: Redaction


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is of a clip: to be sent, and to stay; None where it could not be kept."""

    evidence: Evidence | None
    original: OriginalClip | None


class ClipWorkshop:
    """Makes and keeps the clips of a box; for the agent's thread.

    Args:
        spool: where clips wait for their upload.
        vault: where the camera's own stay; None keeps none.
        submit: does work in the background, or at once.

    Attributes:
        counters: ``clips_kept`` (originals), ``clips_sent`` (redacted, spooled), ``clips_failed`` (not
            redacted, or no room), ``clips_masked`` (originals not kept, since parts of the picture are
            for nobody and a clip that is not coded again cannot leave them out).
    """

    def __init__(
        self,
        spool: Spool,
        vault: Vault | None,
        submit: Callable[[Callable[[], Redacted | None]], "Future[Redacted | None]"],
    ) -> None:
        self._spool = spool
        self._vault = vault
        self._submit = submit
        self.counters = dict.fromkeys(
            ("clips_kept", "clips_sent", "clips_failed", "clips_masked"), 0
        )

    def redact(self, clip: Clip, masks: Sequence[Polygon]) -> "Future[Redacted | None]":
        """Return what will come of redacting a clip; None where that fails."""
        return self._submit(lambda: _redact(clip, masks))

    def keep(
        self, camera: str, clip: Clip, redacted: Redacted | None, masks: Sequence[Polygon]
    ) -> Kept:
        """Seal a clip, spool its redacted sister, and return what there is.

        Args:
            camera: the camera's id.
            clip: as the camera coded it.
            redacted: what may leave; None where nothing is to.
            masks: parts of the picture that nobody is to see.
        """
        evidence = None if redacted is None else self._spooled(camera, clip, redacted)
        original = self._sealed(camera, clip, masked=bool(masks))
        return Kept(evidence, original)

    def failed(self, camera: str, reason: str) -> None:
        """Count a clip that could not be made; the observation goes without."""
        if self.counters["clips_failed"] == 0:
            _LOG.error("clip_failed", camera_id=camera, reason=reason)
        self.counters["clips_failed"] += 1

    def _spooled(self, camera: str, clip: Clip, redacted: Redacted) -> Evidence | None:
        try:
            sha256 = self._spool.add(redacted.data, CLIP_MEDIA_TYPE)
        except OSError as error:
            self.failed(camera, f"{error}; free disk space under evidence.path")
            return None
        self.counters["clips_sent"] += 1
        return Evidence(
            sha256=sha256,
            media_type=CLIP_MEDIA_TYPE,
            size_bytes=len(redacted.data),
            captured_at=clip.starts_at,
            camera=camera,
            redaction=redacted.redaction,
        )

    def _sealed(self, camera: str, clip: Clip, *, masked: bool) -> OriginalClip | None:
        if self._vault is None:
            return None
        if masked:
            self.counters["clips_masked"] += 1
            return None
        sha256 = hashlib.sha256(clip.data).hexdigest()
        try:
            expires_at = self._vault.seal(
                sha256, clip.data, CLIP_MEDIA_TYPE, camera=camera, captured_at=clip.starts_at
            )
        except OSError as error:
            self._vault.counters["originals_failed"] += 1
            self.failed(camera, f"{error}; free disk space under evidence.originals.path")
            return None
        self.counters["clips_kept"] += 1
        return OriginalClip(
            sha256=sha256,
            media_type=CLIP_MEDIA_TYPE,
            size_bytes=len(clip.data),
            starts_at=clip.starts_at,
            ends_at=clip.ends_at,
            expires_at=expires_at,
        )


def _redact(clip: Clip, masks: Sequence[Polygon]) -> Redacted | None:
    try:
        return Redacted(*redacted_clip(clip.data, masks))
    except (av.error.FFmpegError, ValueError, cv2.error, MemoryError) as error:
        _LOG.warning("clip_not_redacted", reason=str(error))
        return None
