"""Perceptual hashes of the pictures that were stored before there were any."""

from datetime import datetime

from sqlalchemy import select, update

from cloud_api.database import Lane, Store
from cloud_api.errors import EvidenceBroken, NotFound
from cloud_api.evidence.picture_hash import NO_HASH, hash_picture
from cloud_api.evidence_store import EvidenceStore
from cloud_api.schema import evidence

__all__ = ["PictureHashing"]

_BATCH = 50


class PictureHashing:
    """Goes through the evidence once and hashes what is not; steps like every loop.

    Args:
        store: the database.
        files: where the bytes are.
    """

    def __init__(self, store: Store, files: EvidenceStore) -> None:
        self._store = store
        self._files = files
        self._after: str | None = ""

    def step(self, _now: datetime) -> int:
        """Hash a batch; return how many were looked at, 0 when all were.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if self._after is None:
            return 0
        query = (
            select(evidence.c.sha256, evidence.c.media_type)
            .where(evidence.c.picture_hash.is_(None), evidence.c.sha256 > self._after)
            .order_by(evidence.c.sha256)
            .limit(_BATCH)
        )
        with self._store.read() as connection:
            rows = connection.execute(query).all()
        made = {row.sha256: self._hash(row.sha256, row.media_type) for row in rows}
        if made:
            with self._store.write(Lane.EVIDENCE) as connection:
                for sha256, bits in made.items():
                    connection.execute(
                        update(evidence)
                        .where(evidence.c.sha256 == sha256)
                        .values(picture_hash=bits)
                    )
        # what comes in later is hashed when it does
        self._after = rows[-1].sha256 if rows else None
        return len(rows)

    def _hash(self, sha256: str, media_type: str) -> bytes:
        try:
            return hash_picture(media_type, self._files.get(sha256)[1].read())
        except (NotFound, EvidenceBroken):  # who asks for it is told so
            return NO_HASH
