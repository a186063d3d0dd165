"""Turns a view into evidence: redacted, encoded, hashed, spooled."""

import cv2
import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray

from contracts.envelope import Evidence, EvidenceRole
from edge.errors import InferenceFault, ModelError
from edge.evidence.config import RedactPolicy
from edge.evidence.faces import FaceFinder
from edge.evidence.plates import PlateFinder
from edge.evidence.redaction import redact
from edge.evidence.references import References
from edge.evidence.spool import Spool
from edge.evidence.subject import Plates, Subject
from edge.evidence.vault import Vault
from edge.evidence.view import View

__all__ = ["EvidenceDesk"]

_JPEG_QUALITY = 85
_ORIGINAL_QUALITY = 92
_RECENT = 32
_LOG = structlog.get_logger("edge.evidence")


class EvidenceDesk:
    """Makes pictures that may leave the box. One picture of one view, however often it is asked for.

    Args:
        spool: where pictures wait for their upload.
        vault: where the originals stay, encrypted; None keeps none.
        faces: finds faces for pictures that are redacted by ``faces``; None makes them as ``auto``.
        plates: finds plates for those that are redacted by ``plates``; None makes them as ``auto``.
    """

    def __init__(
        self,
        spool: Spool,
        vault: Vault | None = None,
        faces: FaceFinder | None = None,
        plates: PlateFinder | None = None,
    ) -> None:
        self.references = References()
        """How places looked in the pictures that were made."""
        self._spool = spool
        self._vault = vault
        self._faces = faces
        self._plates = plates
        self._recent: dict[tuple[str, int, RedactPolicy, Subject | None], Evidence] = {}
        self._failing = False
        self.counters: dict[str, int] = {
            "evidence_failed": 0,
            "faces_failed": 0,
            "plates_failed": 0,
        }

    def picture(
        self,
        view: View,
        policy: RedactPolicy,
        subject: Subject | None = None,
        role: EvidenceRole | None = None,
    ) -> Evidence | None:
        """Return the evidence of a view, spooled for upload; None when it could not be kept.

        The observation then goes without a picture: no redaction or no room, no picture.

        Args:
            view: the frame and what is known about it.
            policy: how it is redacted.
            subject: what the picture is about.
            role: what it shows of its episode.
        """
        key = (view.frame.camera, view.frame.index, policy, subject)
        known = self._recent.get(key)
        if known is not None:
            return msgspec.structs.replace(known, role=role)
        try:
            faces = self._found_faces(view, policy)
            plates = self._found_plates(view, policy, subject)
            pixels, redaction = redact(view, policy, subject, faces, plates)
        except (cv2.error, ValueError, MemoryError) as error:
            self._failed(view, f"it could not be redacted ({error})")
            return None
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
            role=role,
        )
        self.references.keep(sha256, view, subject)
        self._keep_original(sha256, view)
        self._recent[key] = evidence
        if len(self._recent) > _RECENT:
            self._recent.pop(next(iter(self._recent)))
        return evidence

    def _found_faces(self, view: View, policy: RedactPolicy) -> NDArray[np.float64] | None:
        """Return the faces of a view; None where nobody looked for them, or that failed."""
        if not policy.uses_faces or self._faces is None:
            return None
        try:
            return self._faces.find(view.picture())
        except (cv2.error, ValueError, MemoryError) as error:
            if self.counters["faces_failed"] == 0:
                _LOG.error("faces_failed", camera_id=view.frame.camera, reason=str(error))
            self.counters["faces_failed"] += 1
            return None

    def _found_plates(
        self, view: View, policy: RedactPolicy, subject: Subject | None
    ) -> Plates | None:
        """Return a vehicle's plates; None where nobody looked, or that failed."""
        if not policy.uses_plates or self._plates is None or not view.sure:
            return None
        if subject is None or not subject.is_enclosed:
            return None
        try:
            return self._plates.find(view, subject)
        except (ModelError, InferenceFault, cv2.error, ValueError, MemoryError) as error:
            if self.counters["plates_failed"] == 0:
                _LOG.error("plates_failed", camera_id=view.frame.camera, reason=str(error))
            self.counters["plates_failed"] += 1
            return None

    def _keep_original(self, sha256: str, view: View) -> None:
        if self._vault is None:
            return
        frame = view.frame
        quality = [cv2.IMWRITE_JPEG_QUALITY, _ORIGINAL_QUALITY]
        encoded, buffer = cv2.imencode(".jpg", view.picture(), quality)
        if not encoded:
            self._vault.counters["originals_failed"] += 1
            return
        try:
            self._vault.seal(
                sha256,
                buffer.tobytes(),
                "image/jpeg",
                camera=frame.camera,
                captured_at=frame.captured_at,
            )
        except OSError as error:
            self._vault.counters["originals_failed"] += 1
            _LOG.error("original_failed", camera_id=frame.camera, reason=str(error))

    def _failed(self, view: View, reason: str) -> None:
        self.counters["evidence_failed"] += 1
        if not self._failing:
            self._failing = True
            _LOG.error("evidence_failed", camera_id=view.frame.camera, reason=reason)
