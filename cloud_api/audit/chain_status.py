"""How the audit log stands, for people at a screen: its newest part examined, a moment ago at most."""

import threading
import time
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from cloud_api.audit.entry import GENESIS
from cloud_api.audit.examination import Finding, examine
from cloud_api.audit.heads import Head, HeadSigner
from cloud_api.audit.ledger import AuditLedger
from cloud_api.audit.ports import Anchor
from cloud_api.errors import AnchorUnavailable, AuditBroken
from cloud_api.instants import from_us

__all__ = ["AnchorStatus", "ChainStatus", "ChainWatch"]

_MOST_LINES = 100_000
"""Lines examined at once, the newest: a few seconds' work. This project's choice."""
_KEPT_S = 30.0
"""Real seconds for which an examination is believed: asking all day must not read all day."""


class AnchorStatus(Struct, frozen=True, kw_only=True):
    """One place outside the database where signed heads are kept."""

    place: str
    heads: int
    through: int
    """The last line that one of its valid heads covers; 0: none."""
    signed_at: datetime | None
    """When that head was signed."""
    trouble: str
    """Why it cannot be read; empty where it can."""


class ChainStatus(Struct, frozen=True, kw_only=True):
    """What an examination found."""

    examined_at: datetime
    first: int
    """The first line that was examined: 1, or the one behind a signed head when there are many."""
    last: int
    """The last line; 0 where there is none."""
    anchored_through: int
    """The last line that a signed head covers; behind it a cut tail does not show yet."""
    flaws: int
    findings: tuple[Finding, ...]
    anchors: tuple[AnchorStatus, ...]


class ChainWatch:
    """Examines the log when asked, one examination at a time. Safe to ask from many threads.

    Args:
        ledger: the log.
        signer: whose signatures are believed: those of all master keys of this server.
        anchors: where heads are kept.
    """

    def __init__(self, ledger: AuditLedger, signer: HeadSigner, anchors: Sequence[Anchor]) -> None:
        self._ledger = ledger
        self._signer = signer
        self._anchors = anchors
        self._mutex = threading.Lock()
        self._kept: tuple[float, ChainStatus] | None = None

    def status(self, now: datetime) -> ChainStatus:
        """Return how the log stands; an examination of a moment ago is good enough."""
        with self._mutex:
            if self._kept is not None and time.monotonic() - self._kept[0] < _KEPT_S:
                return self._kept[1]
            found = self._examine(now)
            self._kept = (time.monotonic(), found)
            return found

    def _examine(self, now: datetime) -> ChainStatus:
        keys = self._signer.public_keys()
        places: list[AnchorStatus] = []
        heads: list[Head] = []
        for anchor in self._anchors:
            try:
                kept, trouble = anchor.heads(), ""
            except (AnchorUnavailable, AuditBroken) as error:
                kept, trouble = [], str(error)[:300]
            valid = [head for head in kept if keys.valid(head)]
            newest = max(valid, key=lambda head: head.seq, default=None)
            places.append(
                AnchorStatus(
                    place=anchor.name.rpartition("/")[2] or anchor.name,
                    heads=len(kept),
                    through=0 if newest is None else newest.seq,
                    signed_at=None if newest is None else from_us(newest.at_us),
                    trouble=trouble,
                )
            )
            heads.extend(kept)
        tip = self._ledger.last()
        begin = max(
            (head for head in heads if head.seq <= tip - _MOST_LINES and keys.valid(head)),
            key=lambda head: head.seq,
            default=None,
        )
        after, previous = (0, GENESIS) if begin is None else (begin.seq, begin.hash)
        found = examine(
            self._ledger.lines(after=after),
            [head for head in heads if head.seq >= after],
            keys,
            after=after,
            previous=previous,
        )
        return ChainStatus(
            examined_at=now,
            first=after + 1 if found.lines else 0,
            last=after + found.lines,
            anchored_through=found.anchored_through,
            flaws=found.flaws,
            findings=tuple(found.findings),
            anchors=tuple(places),
        )
