"""Carries pictures and clips from the spool to where they are kept."""

from datetime import datetime, timedelta
from random import Random

import structlog

from edge.evidence.ports import EvidenceStore, UploadFailed, UploadRefused
from edge.evidence.spool import Spool
from edge.evidence.vault import Vault
from runtime.backoff import Backoff

__all__ = ["Courier"]

_EXPIRY_EVERY = timedelta(seconds=60.0)
_LOG = structlog.get_logger("edge.evidence")


class Courier:
    """Uploads the oldest first, deletes it once it has arrived, and waits after a failure.

    Args:
        spool: where pictures wait.
        store: where they go.
        rng: jitter of the waiting.
        vault: originals whose time is looked after on the way; None: there are none.
    """

    def __init__(
        self, spool: Spool, store: EvidenceStore, rng: Random, vault: Vault | None = None
    ) -> None:
        self._vault = vault
        self._expiry_due: datetime | None = None
        self._spool = spool
        self._store = store
        self._backoff = Backoff(1.0, 300.0, rng)
        self._not_before: datetime | None = None
        self._failing = False
        self._own: dict[str, int] = {
            "evidence_uploaded": 0,
            "evidence_retried": 0,
            "evidence_refused": 0,
        }

    @property
    def counters(self) -> dict[str, int]:
        """What happened so far to uploads, the spool and originals, by name."""
        originals = {} if self._vault is None else self._vault.counters
        return {**self._own, **self._spool.counters, **originals}

    @property
    def resting(self) -> bool:
        """Whether nothing waits, or it is no use to wait for what does."""
        return self._failing or next(self._spool.waiting(), None) is None

    def step(self, now: datetime, limit: int = 16) -> int:
        """Upload at most ``limit`` pictures or clips and return how many arrived."""
        self._expire(now)
        if self._not_before is not None and now < self._not_before:
            return 0
        arrived = 0
        for sha256, _ in zip(self._spool.waiting(), range(limit), strict=False):
            media_type, data = self._spool.media_type(sha256), self._spool.read(sha256)
            if data is None:
                continue
            try:
                self._store.put(sha256, data, media_type)
            except UploadFailed as error:
                self._wait(now, error)
                return arrived
            except UploadRefused as error:
                self._own["evidence_refused"] += 1
                _LOG.error("evidence_refused", sha256=sha256, reason=str(error))
                self._spool.drop(sha256)
                continue
            self._spool.remove(sha256)
            self._own["evidence_uploaded"] += 1
            arrived += 1
            self._recovered()
        return arrived

    def _expire(self, now: datetime) -> None:
        if self._vault is None or (self._expiry_due is not None and now < self._expiry_due):
            return
        self._expiry_due = now + _EXPIRY_EVERY
        self._vault.expire(now)

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def _wait(self, now: datetime, error: UploadFailed) -> None:
        delay_s = self._backoff.next_delay()
        self._not_before = now + timedelta(seconds=delay_s)
        self._own["evidence_retried"] += 1
        if not self._failing:
            self._failing = True
            _LOG.warning("evidence_upload_failed", reason=str(error))

    def _recovered(self) -> None:
        self._backoff.reset()
        self._not_before = None
        if self._failing:
            self._failing = False
            _LOG.info("evidence_upload_recovered")
