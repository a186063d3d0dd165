"""The audit log in the database: appending under one lock, reading in order."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, insert, select

from cloud_api.audit.entry import GENESIS, Draft, Entry, StoredLine, encode_entry, line_hash
from cloud_api.audit.tables import audit_log
from cloud_api.database import Lane, Store
from cloud_api.instants import from_us, to_us
from cloud_api.privacy.vault import Vault

__all__ = ["AuditFilter", "AuditLedger", "Tip", "draft"]

_PAGE = 5_000


class Tip(NamedTuple):
    """The last line of the chain: its number and hash."""

    seq: int
    hash: str


class AuditFilter(NamedTuple):
    """What a list of lines is narrowed to; ``action`` is how it begins."""

    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def draft(now: datetime, actor: str, action: str, target: str = "", purpose: str = "") -> Draft:
    """Return a line about something that was not asked for over HTTP."""
    return Draft(to_us(now), actor, action, target, purpose=purpose)


class AuditLedger:
    """Appends lines and reads them; personal fields are sealed on the way in."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    def append(self, drafts: Sequence[Draft]) -> Tip:
        """Append lines in one transaction; when this returns they are committed.

        Raises:
            StoreUnavailable: the database does not answer; nothing was appended.
        """
        sealed = [
            self._vault.seal(f"audit:{each.actor}", each.personal, from_us(each.at_us))
            if each.personal
            else ""
            for each in drafts
        ]
        with self._store.write(Lane.AUDIT) as connection:
            seq, chained = connection.execute(
                select(audit_log.c.seq, audit_log.c.hash).order_by(audit_log.c.seq.desc()).limit(1)
            ).one_or_none() or (0, GENESIS)
            rows = []
            for each, personal in zip(drafts, sealed, strict=True):
                seq += 1
                entry = Entry(
                    seq=seq,
                    at_us=each.at_us,
                    actor=each.actor,
                    action=each.action,
                    target=each.target,
                    status=each.status,
                    count=each.requests,
                    purpose=each.purpose,
                    sealed=personal,
                )
                body = encode_entry(entry)
                chained = line_hash(chained, body)
                line = StoredLine(seq, each.at_us, each.actor, each.action, body, chained)
                rows.append(line._asdict())
            if rows:
                connection.execute(insert(audit_log), rows)
        return Tip(seq, chained)

    def last(self) -> int:
        """Return the number of the last line; 0 where there is none."""
        with self._store.read() as connection:
            return int(connection.scalar(select(func.max(audit_log.c.seq))) or 0)

    def lines(self, after: int | None = None) -> Iterator[StoredLine]:
        """Yield every row in order, a page at a time; only those behind ``after`` where it is named."""
        while True:
            query = select(audit_log).order_by(audit_log.c.seq).limit(_PAGE)
            if after is not None:
                query = query.where(audit_log.c.seq > after)
            with self._store.read() as connection:
                page = [StoredLine(*row) for row in connection.execute(query)]
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].seq

    def newest(self, chosen: AuditFilter, *, before: int | None, limit: int) -> list[StoredLine]:
        """Return up to ``limit`` lines, the newest first; only those before line ``before``."""
        query = select(audit_log).order_by(audit_log.c.seq.desc()).limit(limit)
        if chosen.actor is not None:
            query = query.where(audit_log.c.actor == chosen.actor)
        if chosen.action is not None:
            query = query.where(audit_log.c.action.startswith(chosen.action, autoescape=True))
        if chosen.since is not None:
            query = query.where(audit_log.c.at_us >= to_us(chosen.since))
        if chosen.until is not None:
            query = query.where(audit_log.c.at_us < to_us(chosen.until))
        if before is not None:
            query = query.where(audit_log.c.seq < before)
        with self._store.read() as connection:
            return [StoredLine(*row) for row in connection.execute(query)]

    def personal(self, entry: Entry) -> str:
        """Return the personal fields of a line, or that they were withdrawn."""
        return self._vault.unseal(f"audit:{entry.actor}", entry.sealed) if entry.sealed else ""
