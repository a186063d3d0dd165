"""Builds what a box needs to make pictures and clips, from its configuration."""

from dataclasses import dataclass
from pathlib import Path
from random import Random

from edge.backstage import Backstage
from edge.evidence.clip_workshop import ClipWorkshop
from edge.evidence.config import EvidenceConfig
from edge.evidence.courier import Courier
from edge.evidence.desk import EvidenceDesk
from edge.evidence.faces import build_faces
from edge.evidence.plates import build_plates
from edge.evidence.ports import EvidenceStore
from edge.evidence.spool import Spool
from edge.evidence.vault import Vault
from edge.evidence.vault_build import build_vault
from edge.evidence.verification import Verifier

__all__ = ["EvidenceParts", "build_evidence"]


@dataclass(frozen=True, slots=True)
class EvidenceParts:
    """What makes pictures and clips, and where they wait; all None where none are made.

    Attributes:
        spool: where they wait for their upload.
        vault: where originals stay; None where none are kept.
        desk: makes pictures.
        courier: uploads.
        verifier: compares before and after.
        workshop: makes clips.
    """

    spool: Spool | None = None
    vault: Vault | None = None
    desk: EvidenceDesk | None = None
    courier: Courier | None = None
    verifier: Verifier | None = None
    workshop: ClipWorkshop | None = None

    @property
    def counters(self) -> dict[str, int]:
        """What became of pictures and clips that were to be made, by name."""
        if self.desk is None or self.workshop is None:
            return {}
        return self.desk.counters | self.workshop.counters


def build_evidence(
    config: EvidenceConfig,
    folder: Path,
    store: EvidenceStore | None,
    rng: Random,
    backstage: Backstage,
) -> EvidenceParts:
    """Return what makes pictures and clips; nothing of it where there is nowhere to bring them.

    Args:
        config: where they wait, and whether originals are kept.
        folder: what relative paths in the configuration start from.
        store: where they go; None makes none.
        rng: jitter between attempts.
        backstage: where clips are redacted.

    Raises:
        SecretError: the key of the originals cannot be read.
        OriginalSealed: it is malformed.
    """
    if store is None:
        return EvidenceParts()
    spool = Spool(folder / config.path, config.budget_bytes)
    vault = build_vault(config.originals, folder)
    desk = EvidenceDesk(
        spool, vault, build_faces(config.faces, folder), build_plates(config.plates, folder)
    )
    return EvidenceParts(
        spool=spool,
        vault=vault,
        desk=desk,
        courier=Courier(spool, store, rng, vault),
        verifier=Verifier(desk, vault),
        workshop=ClipWorkshop(spool, vault, backstage.submit),
    )
