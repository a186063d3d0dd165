"""The end of evidence: what is old enough is deleted, unless an open case needs it, and the audit log proves it."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from cloud_api.audit.ledger import AuditLedger, draft
from cloud_api.case_projection import decode_case
from cloud_api.database import Lane, Store
from cloud_api.evidence_store import EvidenceStore
from cloud_api.instants import iso, to_us
from cloud_api.metrics import Metrics
from cloud_api.narrowing import IS_OPEN
from cloud_api.schema import cases, evidence

__all__ = ["EvidenceRetention"]

_BATCH = 200


class EvidenceRetention:
    """Deletes evidence that is older than allowed; steps like every loop.

    Args:
        store: the database.
        files: where the bytes are.
        ledger: where each deletion leaves its line.
        metrics: what is counted.
        keep_days: days for which evidence is kept.
    """

    def __init__(
        self,
        store: Store,
        files: EvidenceStore,
        ledger: AuditLedger,
        metrics: Metrics,
        keep_days: float,
    ) -> None:
        self._store = store
        self._files = files
        self._ledger = ledger
        self._metrics = metrics
        self._keep = timedelta(days=keep_days)
        self._after: tuple[int, str] = (0, "")

    def step(self, now: datetime) -> int:
        """Delete a batch of what is due; return how much was looked at, 0 when all was.

        A file goes first, its line in the audit log is next, its row last: a crash in between leaves a row whose
        deletion is done again, and a second line at worst.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        before_us = to_us(now - self._keep)
        at_us, sha256 = self._after
        query = (
            select(evidence.c.sha256, evidence.c.size_bytes, evidence.c.stored_at_us)
            .where(evidence.c.stored_at_us < before_us)
            .where(
                (evidence.c.stored_at_us > at_us)
                | ((evidence.c.stored_at_us == at_us) & (evidence.c.sha256 > sha256))
            )
            .order_by(evidence.c.stored_at_us, evidence.c.sha256)
            .limit(_BATCH)
        )
        with self._store.read() as connection:
            due = connection.execute(query).all()
            needed = self._needed() if due else set()
        gone = [row for row in due if row.sha256 not in needed]
        for row in gone:
            self._files.remove_file(row.sha256)
        if gone:
            self._ledger.append(
                [
                    draft(
                        now,
                        "retention",
                        "evidence.delete",
                        f"sha256={row.sha256} size_bytes={row.size_bytes} "
                        f"stored_at={iso(row.stored_at_us)}",
                        purpose="evidence_keep_days",
                    )
                    for row in gone
                ]
            )
            with self._store.write(Lane.EVIDENCE) as connection:
                connection.execute(
                    delete(evidence).where(evidence.c.sha256.in_([row.sha256 for row in gone]))
                )
            self._metrics.evidence_deleted.inc(len(gone))
        # What is held back is passed by, and looked at again in the next round.
        self._after = (due[-1].stored_at_us, due[-1].sha256) if due else (0, "")
        return len(due)

    def _needed(self) -> set[str]:
        """Return the evidence of open cases."""
        with self._store.read() as connection:
            documents = connection.scalars(select(cases.c.document).where(IS_OPEN))
            return {link.sha256 for each in documents for link in decode_case(each).evidence}
