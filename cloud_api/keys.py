"""API keys: made once, shown once, stored as a hash, believed for a moment."""

import hashlib
import hmac
import re
import secrets
import threading
import time
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec
from msgspec import Struct
from sqlalchemy import func, insert, select, update

from cloud_api.database import Lane, Store
from cloud_api.errors import NotFound, Unauthenticated
from cloud_api.instants import to_us
from cloud_api.people.scope import EVERYTHING, Scope
from cloud_api.schema import api_keys

__all__ = ["Identity", "KeyInfo", "KeyRing", "Role"]

_TOKEN = re.compile(r"cityloop_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_CACHE_LIMIT = 10_000


class Role(StrEnum):
    """What a key may do; admin may do everything."""

    GATEWAY = "gateway"
    """Posts events."""
    BOX = "box"
    """Puts evidence."""
    HUB = "hub"
    """Reads which boxes may log in to the hub."""
    APP = "app"
    """Hands in reports of people: an app, a web page, a terminal."""
    OPERATOR = "operator"
    """Reads, acts on cases, puts and gets evidence."""
    READER = "reader"
    """Reads events, cases, evidence and the stream."""
    AUDITOR = "auditor"
    """Reads the audit log, and nothing else."""
    ADMIN = "admin"

    @property
    def is_machine(self) -> bool:
        """Whether it is a program that asks, all day: its requests are counted, not listed."""
        return self in {Role.GATEWAY, Role.BOX, Role.HUB, Role.APP}


class Identity(Struct, frozen=True):
    """Who asks; ``name`` is what the case log calls the actor, ``key_id`` the key's or user's id."""

    key_id: str
    name: str
    role: Role
    scope: Scope = EVERYTHING
    kind: Literal["key", "user"] = "key"


class KeyInfo(Struct, frozen=True, kw_only=True):
    """A key as it is listed: never its token."""

    key_id: str
    name: str
    role: Role
    created_at_us: int
    revoked_at_us: int | None
    scope: Scope = EVERYTHING


class KeyRing:
    """Creates, lists, revokes and checks keys.

    A token is ``cityloop_{key id}_{32 random bytes}``. Only its SHA-256 is stored: the token is
    random with 256 bits, so a slow password hash would add nothing but time.
    """

    def __init__(self, store: Store, *, cache_s: float) -> None:
        self._store = store
        self._cache_s = cache_s
        self._cache: dict[str, tuple[float, Identity]] = {}
        self._renewing: set[str] = set()
        self._mutex = threading.Lock()

    def create(
        self,
        name: str,
        role: Role,
        now: datetime,
        scope: Scope = EVERYTHING,
        *,
        key_id: str | None = None,
    ) -> tuple[KeyInfo, str]:
        """Return a new key and its token, which is not stored and cannot be had again.

        Args:
            name: what people call it.
            role: what it may do.
            now: the moment.
            scope: what it sees.
            key_id: twelve hexadecimal digits, for runs that have to be the same twice; default drawn.
        """
        key_id = secrets.token_hex(6) if key_id is None else key_id
        token = f"cityloop_{key_id}_{secrets.token_urlsafe(32)}"
        info = KeyInfo(
            key_id=key_id,
            name=name,
            role=role,
            created_at_us=to_us(now),
            revoked_at_us=None,
            scope=scope,
        )
        with self._store.write(Lane.KEYS) as connection:
            connection.execute(insert(api_keys).values(**_row(info, token)))
        return info, token

    def create_first_admin(self, now: datetime) -> tuple[KeyInfo, str] | None:
        """Return the first admin key and its token, or None where an admin key exists already."""
        key_id = secrets.token_hex(6)
        token = f"cityloop_{key_id}_{secrets.token_urlsafe(32)}"
        info = KeyInfo(
            key_id=key_id,
            name="admin",
            role=Role.ADMIN,
            created_at_us=to_us(now),
            revoked_at_us=None,
        )
        with self._store.write(Lane.KEYS) as connection:
            query = select(func.count()).where(
                api_keys.c.role == Role.ADMIN, api_keys.c.revoked_at_us.is_(None)
            )
            if connection.scalar(query):
                return None
            connection.execute(insert(api_keys).values(**_row(info, token)))
        return info, token

    def list(self) -> list[KeyInfo]:
        """Return every key, revoked ones too, oldest first."""
        query = select(
            api_keys.c.key_id,
            api_keys.c.name,
            api_keys.c.role,
            api_keys.c.created_at_us,
            api_keys.c.revoked_at_us,
            api_keys.c.scope,
        ).order_by(api_keys.c.created_at_us, api_keys.c.key_id)
        with self._store.read() as connection:
            return [
                KeyInfo(
                    key_id=row.key_id,
                    name=row.name,
                    role=Role(row.role),
                    created_at_us=row.created_at_us,
                    revoked_at_us=row.revoked_at_us,
                    scope=_scope(row.scope),
                )
                for row in connection.execute(query)
            ]

    def revoke(self, key_id: str, now: datetime) -> None:
        """Make a key worthless; running servers notice within ``key_cache_s``.

        Raises:
            NotFound: there is no such key, or it is revoked already.
        """
        with self._store.write(Lane.KEYS) as connection:
            done = connection.execute(
                update(api_keys)
                .where(api_keys.c.key_id == key_id, api_keys.c.revoked_at_us.is_(None))
                .values(revoked_at_us=to_us(now))
            )
            if done.rowcount == 0:
                raise NotFound(f"key {key_id!r} does not exist or is revoked; see keys list")
        with self._mutex:
            self._cache.clear()

    def cached(self, token: str) -> Identity | None:
        """Return who is behind a token if that was asked a moment ago; never touches the database."""
        with self._mutex:
            found = self._cache.get(_digest(token))
        return found[1] if found is not None and found[0] > time.monotonic() else None

    def renewal_due(self, token: str) -> bool:
        """Return true to one caller when half of the time is over for which a token is believed.

        He asks :meth:`identify` while the others go on; so nobody waits for it under load.
        """
        digest = _digest(token)
        with self._mutex:
            found = self._cache.get(digest)
            if found is None or digest in self._renewing:
                return False
            if found[0] - time.monotonic() > self._cache_s / 2:
                return False
            self._renewing.add(digest)
            return True

    def identify(self, token: str) -> Identity:
        """Return who is behind a token.

        Raises:
            Unauthenticated: the token is malformed, unknown or revoked; the three look alike.
        """
        refusal = Unauthenticated(
            "the API key is unknown or revoked; ask an administrator for one (keys create)",
            headers={"WWW-Authenticate": "Bearer"},
        )
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise refusal
        query = select(
            api_keys.c.name, api_keys.c.role, api_keys.c.token_sha256, api_keys.c.scope
        ).where(api_keys.c.key_id == match[1], api_keys.c.revoked_at_us.is_(None))
        digest = _digest(token)
        try:
            with self._store.read() as connection:
                row = connection.execute(query).one_or_none()
        finally:
            with self._mutex:
                self._renewing.discard(digest)
        if not hmac.compare_digest("" if row is None else row.token_sha256, digest) or row is None:
            raise refusal
        identity = Identity(match[1], row.name, Role(row.role), _scope(row.scope))
        with self._mutex:
            if len(self._cache) >= _CACHE_LIMIT:
                self._cache.clear()
            self._cache[digest] = (time.monotonic() + self._cache_s, identity)
        return identity


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _scope(stored: str | None) -> Scope:
    return EVERYTHING if stored is None else msgspec.json.decode(stored, type=Scope)


def _row(info: KeyInfo, token: str) -> dict[str, object]:
    return {
        "key_id": info.key_id,
        "name": info.name,
        "role": info.role.value,
        "token_sha256": _digest(token),
        "created_at_us": info.created_at_us,
        "revoked_at_us": info.revoked_at_us,
        "scope": None if info.scope.unbounded else msgspec.json.encode(info.scope).decode(),
    }
