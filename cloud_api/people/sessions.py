"""Sessions of people who have logged in: a random token, stored as a hash, that ends by itself."""

import hashlib
import hmac
import re
import secrets
import threading
import time

import msgspec
from sqlalchemy import delete, insert, select, update

from cloud_api.database import Lane, Store
from cloud_api.errors import Unauthenticated
from cloud_api.instants import to_us
from cloud_api.keys import Identity, Role
from cloud_api.people.register import User
from cloud_api.people.scope import Scope
from cloud_api.people.tables import sessions, users
from runtime.clock import Clock

__all__ = ["PREFIX", "Sessions"]

PREFIX = "session_"
"""How tokens of sessions begin; those of keys begin otherwise."""

_TOKEN = re.compile(r"session_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_TOUCH_US = 60_000_000
_CACHE_LIMIT = 10_000


class Sessions:
    """Opens, checks and ends sessions.

    Args:
        store: the database.
        clock: the moment.
        cache_s: real seconds for which a token is believed without asking the database.
        longest_s: seconds after which a session ends whatever happens.
        idle_s: seconds without a request after which it ends.
    """

    def __init__(
        self, store: Store, clock: Clock, *, cache_s: float, longest_s: float, idle_s: float
    ) -> None:
        self._store = store
        self._clock = clock
        self._cache_s = cache_s
        self._longest_us = round(longest_s * 1e6)
        self._idle_us = round(idle_s * 1e6)
        self._cache: dict[str, tuple[float, Identity]] = {}
        self._mutex = threading.Lock()

    def open(self, user: User) -> tuple[str, Identity]:
        """Return the token of a new session, which is not stored, and who holds it."""
        session_id = secrets.token_hex(8)
        token = f"{PREFIX}{session_id}_{secrets.token_urlsafe(32)}"
        now_us = to_us(self._clock.now())
        with self._store.write(Lane.KEYS) as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at_us < now_us))
            connection.execute(
                insert(sessions).values(
                    session_id=session_id,
                    user_id=user.user_id,
                    token_sha256=_digest(token),
                    made_at_us=now_us,
                    used_at_us=now_us,
                    expires_at_us=now_us + self._longest_us,
                )
            )
        return token, Identity(user.user_id, user.name, user.role, user.scope, "user")

    def end(self, token: str) -> None:
        """End the session of a token; one that is none changes nothing."""
        with self._store.write(Lane.KEYS) as connection:
            connection.execute(
                update(sessions)
                .where(sessions.c.token_sha256 == _digest(token), sessions.c.ended_at_us.is_(None))
                .values(ended_at_us=to_us(self._clock.now()))
            )
        self.forget()

    def forget(self) -> None:
        """Believe no token any more without asking the database."""
        with self._mutex:
            self._cache.clear()

    def cached(self, token: str) -> Identity | None:
        """Return who holds a token if that was asked a moment ago; never touches the database."""
        with self._mutex:
            found = self._cache.get(_digest(token))
        return found[1] if found is not None and found[0] > time.monotonic() else None

    def identify(self, token: str) -> Identity:
        """Return who holds a token.

        Raises:
            Unauthenticated: it is malformed, unknown, ended or too old, or the user is locked.
        """
        refusal = Unauthenticated(
            "the session is unknown or has ended; log in again",
            headers={"WWW-Authenticate": "Bearer"},
        )
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise refusal
        now_us = to_us(self._clock.now())
        query = (
            select(
                sessions.c.token_sha256,
                sessions.c.used_at_us,
                users.c.user_id,
                users.c.name,
                users.c.role,
                users.c.scope,
            )
            .join(users, users.c.user_id == sessions.c.user_id)
            .where(
                sessions.c.session_id == match[1],
                sessions.c.ended_at_us.is_(None),
                sessions.c.expires_at_us > now_us,
                sessions.c.used_at_us > now_us - self._idle_us,
                users.c.locked_at_us.is_(None),
            )
        )
        digest = _digest(token)
        with self._store.read() as connection:
            row = connection.execute(query).one_or_none()
        if not hmac.compare_digest("" if row is None else row.token_sha256, digest) or row is None:
            raise refusal
        if row.used_at_us < now_us - min(_TOUCH_US, self._idle_us // 4):
            with self._store.write(Lane.KEYS) as connection:
                connection.execute(
                    update(sessions)
                    .where(sessions.c.session_id == match[1])
                    .values(used_at_us=now_us)
                )
        scope = msgspec.json.decode(row.scope, type=Scope)
        identity = Identity(row.user_id, row.name, Role(row.role), scope, "user")
        with self._mutex:
            if len(self._cache) >= _CACHE_LIMIT:
                self._cache.clear()
            self._cache[digest] = (time.monotonic() + self._cache_s, identity)
        return identity


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
