"""Personal fields under a key of the person whom they are about.

What is sealed can lie in an append-only log, under its hash chain and in backups: when somebody
withdraws his consent his key is destroyed (crypto-shredding), and every copy is unreadable at once
while no byte of any log has changed. A person is named by a *subject*, such as ``user:7c1f`` or
``reporter:91ab``, that says nothing about him.
"""

import base64
import binascii
import secrets
import threading
import time
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, insert, select, update

from cloud_api.database import Lane, Store
from cloud_api.errors import NotFound
from cloud_api.instants import to_us
from cloud_api.privacy.keybook import KEY_BYTES, KeyBook
from cloud_api.privacy.tables import subject_keys

__all__ = ["CACHE_S", "SHREDDED", "Vault"]

SHREDDED = "[withdrawn]"
"""What is shown in the place of a field whose key is destroyed."""

CACHE_S = 30.0
"""Real seconds for which a process keeps a subject's key in memory."""

_PURPOSE = "subject-keys"
_NONCE_BYTES = 12
_CACHE_LIMIT = 10_000


class Vault:
    """Seals texts for subjects, opens them, and destroys subjects' keys; safe for any thread."""

    def __init__(self, store: Store, book: KeyBook) -> None:
        self._store = store
        self._book = book
        self._cache: dict[str, tuple[float, AESGCM]] = {}
        self._mutex = threading.Lock()

    def seal(self, subject: str, text: str, now: datetime) -> str:
        """Return a text sealed for a subject, whose key is made where there is none.

        AES-256-GCM with a random nonce, bound to the subject; the result is URL-safe base64. For a
        subject who has withdrawn, nothing is kept: the result is empty.
        """
        cipher = self._cached(subject)
        if cipher is None:
            with self._store.write(Lane.KEYS) as connection:
                cipher = self._key(connection, subject, to_us(now))
            self._keep(subject, cipher)
        return "" if cipher is None else _seal(cipher, subject, text)

    def unseal(self, subject: str, sealed: str) -> str:
        """Return a sealed text, or :data:`SHREDDED` where the subject's key is destroyed.

        Raises:
            NotFound: the text was not sealed for this subject, or was changed.
        """
        cipher = self._cached(subject)
        if cipher is None:
            with self._store.read() as connection:
                cipher = self._stored(connection, subject)
            self._keep(subject, cipher)
        if cipher is None:
            return SHREDDED
        try:
            raw = base64.urlsafe_b64decode(sealed)
            return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], subject.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise NotFound(
                f"a sealed field of {subject!r} cannot be opened: it was changed, or sealed for "
                "somebody else"
            ) from error

    def shred(self, subject: str, now: datetime) -> bool:
        """Destroy a subject's key for good; return whether there was one.

        Other processes of the API forget it within :data:`CACHE_S` seconds.
        """
        with self._store.write(Lane.KEYS) as connection:
            done = connection.execute(
                update(subject_keys)
                .where(subject_keys.c.subject == subject, subject_keys.c.wrapped.is_not(None))
                .values(wrapped=None, master_key=None, shredded_at_us=to_us(now))
            )
        self.forget()
        return done.rowcount > 0

    def forget(self) -> None:
        """Let go of every key that is kept in memory."""
        with self._mutex:
            self._cache.clear()

    def rewrap(self) -> int:
        """Wrap every key that an older master key wraps with the present one; return how many."""
        with self._store.write(Lane.KEYS) as connection:
            rows = connection.execute(
                select(subject_keys.c.subject, subject_keys.c.master_key, subject_keys.c.wrapped)
                .where(subject_keys.c.wrapped.is_not(None))
                .where(subject_keys.c.master_key != self._book.current)
            ).all()
            for subject, master, wrapped in rows:
                key = self._master(master).decrypt(
                    wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], subject.encode()
                )
                connection.execute(
                    update(subject_keys)
                    .where(subject_keys.c.subject == subject)
                    .values(master_key=self._book.current, wrapped=self._wrap(subject, key))
                )
        return len(rows)

    def _cached(self, subject: str) -> AESGCM | None:
        with self._mutex:
            found = self._cache.get(subject)
        return found[1] if found is not None and found[0] > time.monotonic() else None

    def _keep(self, subject: str, cipher: AESGCM | None) -> None:
        if cipher is None:
            return
        with self._mutex:
            if len(self._cache) >= _CACHE_LIMIT:
                self._cache.clear()
            self._cache[subject] = (time.monotonic() + CACHE_S, cipher)

    def _master(self, key_id: str) -> AESGCM:
        return AESGCM(self._book.derive(_PURPOSE, key_id))

    def _wrap(self, subject: str, key: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._master(self._book.current).encrypt(nonce, key, subject.encode())

    def _stored(self, connection: Connection, subject: str) -> AESGCM | None:
        row = connection.execute(
            select(subject_keys.c.master_key, subject_keys.c.wrapped).where(
                subject_keys.c.subject == subject
            )
        ).one_or_none()
        if row is None or row.wrapped is None:
            return None
        wrapped: bytes = row.wrapped
        return AESGCM(
            self._master(row.master_key).decrypt(
                wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], subject.encode()
            )
        )

    def _key(self, connection: Connection, subject: str, now_us: int) -> AESGCM | None:
        """Return a subject's key, made where there is none; None where it was destroyed."""
        known = connection.scalar(
            select(subject_keys.c.made_at_us).where(subject_keys.c.subject == subject)
        )
        if known is not None:
            return self._stored(connection, subject)
        key = secrets.token_bytes(KEY_BYTES)
        connection.execute(
            insert(subject_keys).values(
                subject=subject,
                master_key=self._book.current,
                wrapped=self._wrap(subject, key),
                made_at_us=now_us,
            )
        )
        return AESGCM(key)


def _seal(cipher: AESGCM, subject: str, text: str) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return base64.urlsafe_b64encode(
        nonce + cipher.encrypt(nonce, text.encode(), subject.encode())
    ).decode()
