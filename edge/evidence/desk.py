"""Turns a view into evidence: redacted, encoded, hashed, spooled."""

import cv2
import structlog

from contracts.envelope import Evidence
from edge.camera_config import RedactPolicy
from edge.evidence.redaction import redact
from edge.evidence.spool import Spool
from edge.evidence.view import View

__all__ = ["EvidenceDesk"]

_JPEG_QUALITY = 85
_RECENT = 32
_LOG = structlog.get_logger("edge.evidence")


class EvidenceDesk:
    """Makes pictures that may leave the box. One picture of one view, however often it is asked for.

    Args:
        spool: where pictures wait for their upload.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._recent: dict[tuple[str, int, RedactPolicy], Evidence] = {}
        self._failing = False
        self.counters: dict[str, int] = {"evidence_failed": 0}

    def picture(self, view: View, policy: RedactPolicy) -> Evidence | None:
        """Return the evidence of a view, spooled for upload; None when it could not be kept.

        The observation then goes without a picture: no redaction or no room, no picture.
        """
        key = (view.frame.camera, view.frame.index, policy)
        known = self._recent.get(key)
        if known is not None:
            return known
        pixels, redaction = redact(view, policy)
        encoded, buffer = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        if not encoded:
            self._failed(view, "the picture could not be encoded as JPEG")
            return None
        data = buffer.tobytes()
        try:
            sha256 = self._spool.add(data)
        except OSError as error:
            self._failed(view, f"{error}; free disk space under evidence.path")
            return None
        if self._failing:
            self._failing = False
            _LOG.info("evidence_recovered", camera_id=view.frame.camera)
        evidence = Evidence(
            sha256=sha256,
            media_type="image/jpeg",
            size_bytes=len(data),
            captured_at=view.frame.captured_at,
            camera=view.frame.camera,
            redaction=redaction,
        )
        self._recent[key] = evidence
        if len(self._recent) > _RECENT:
            self._recent.pop(next(iter(self._recent)))
        return evidence

    def _failed(self, view: View, reason: str) -> None:
        self.counters["evidence_failed"] += 1
        if not self._failing:
            self._failing = True
            _LOG.error("evidence_failed", camera_id=view.frame.camera, reason=reason)
