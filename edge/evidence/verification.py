"""Takes a picture afterwards, and says whether what was there before is gone."""

from dataclasses import dataclass
from datetime import datetime

from contracts.control import Comparison
from contracts.envelope import Evidence, EvidenceRole
from edge.evidence.comparison import Compared, Region, compare, reduced
from edge.evidence.config import RedactPolicy
from edge.evidence.desk import EvidenceDesk
from edge.evidence.errors import OriginalError
from edge.evidence.references import Reference, References, shown
from edge.evidence.subject import Subject
from edge.evidence.vault import Vault
from edge.evidence.view import View

__all__ = ["Verification", "Verifier"]


@dataclass(frozen=True, slots=True)
class Verification:
    """An after-picture, and what was found.

    Attributes:
        evidence: the picture; None where it could not be kept.
        comparison: before and after; None where they were not compared.
        reason: why not; empty where they were, or nobody asked.
    """

    evidence: Evidence | None
    comparison: Comparison | None = None
    reason: str = ""


class Verifier:
    """Looks back for the picture from before, in memory and among the originals.

    Args:
        desk: makes the after-picture and knows how places looked.
        vault: originals; None where none are kept.
    """

    def __init__(self, desk: EvidenceDesk, vault: Vault | None = None) -> None:
        self._desk = desk
        self._vault = vault

    def verify(
        self,
        view: View,
        policy: RedactPolicy,
        now: datetime,
        *,
        before: str | None = None,
        region: Region | None = None,
    ) -> Verification:
        """Return an after-picture of a view, compared where a picture from before is named.

        Args:
            view: the camera's latest.
            policy: how its pictures are redacted.
            now: the present moment.
            before: SHA-256 of a picture of the same camera that left the box earlier.
            region: what is looked at; None: where the matter was, else everything.
        """
        reference = None if before is None else self._find(before, now)
        region = region or (None if reference is None else reference.region)
        subject = None if region is None else _subject(region, view)
        evidence = self._desk.picture(view, policy, subject, EvidenceRole.AFTER)
        if evidence is None or before is None:
            return Verification(evidence)
        if reference is None:
            reason = f"picture {before} is neither in memory nor among the originals any more"
            return Verification(evidence, None, reason)
        found = compare(reference.luma, reduced(shown(view)), region)
        if found is None:
            reason = "the camera shows another place than before"
            return Verification(evidence, None, reason)
        return Verification(evidence, _comparison(before, evidence, found))

    def _find(self, sha256: str, now: datetime) -> Reference | None:
        known = self._desk.references.find(sha256)
        if known is not None or self._vault is None:
            return known
        try:
            return References.of_picture(self._vault.open(sha256, now))
        except OriginalError:
            return None


def _comparison(before: str, evidence: Evidence, found: Compared) -> Comparison:
    return Comparison(
        before=before,
        after=evidence.sha256,
        changed=found.changed,
        score=round(found.score, 3),
        confidence=round(found.confidence, 3),
    )


def _subject(region: Region, view: View) -> Subject:
    left, top, right, bottom = region
    width, height = view.frame.width, view.frame.height
    return Subject("place", (left * width, top * height, right * width, bottom * height))
