"""Enrolment of boxes: a one-time token becomes a login at the hub and a key at the API."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

import bcrypt
from msgspec import Struct
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from cloud_api.database import Lane, Store
from cloud_api.devices.tables import box_logins, enrolment_tokens
from cloud_api.errors import NotFound, Unauthenticated
from cloud_api.instants import to_us
from cloud_api.keys import KeyRing, Role

__all__ = ["Enrolled", "Enrolment", "HubLogin", "HubLogins", "TokenInfo"]

_TOKEN = re.compile(r"enrol_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_BCRYPT_COST = 4
"""The lowest there is: generated passwords of 192 bits need no more, and a hub to which a thousand
boxes come back at once checks each of them."""


class TokenInfo(Struct, frozen=True, kw_only=True):
    """A token as it is listed: never its secret."""

    token_id: str
    box: str
    district: str
    site: str
    made_by: str
    made_at_us: int
    expires_at_us: int
    used_at_us: int | None
    revoked_at_us: int | None


class Enrolled(Struct, frozen=True, kw_only=True):
    """What a box gets for its token, once: nobody keeps the password or the key."""

    box: str
    district: str
    site: str
    username: str
    password: str
    api_key: str


class HubLogin(Struct, frozen=True, kw_only=True):
    """A box that may log in to the hub."""

    box: str
    district: str
    site: str
    password_hash: str


class HubLogins(Struct, frozen=True, kw_only=True):
    """All boxes that may log in to the hub."""

    revision: int
    boxes: tuple[HubLogin, ...]


class Enrolment:
    """Makes tokens, takes them for logins, and takes logins away."""

    def __init__(self, store: Store, keys: KeyRing) -> None:
        self._store = store
        self._keys = keys

    def create_token(
        self, box: str, district: str, site: str, now: datetime, *, ttl_s: float, by: str
    ) -> tuple[TokenInfo, str]:
        """Return a new token for one box and its text, which is not stored.

        Args:
            box: id of the box.
            district: first level of its topics.
            site: second level.
            now: the moment.
            ttl_s: seconds for which it can be used.
            by: who asks.
        """
        token_id = secrets.token_hex(6)
        token = f"enrol_{token_id}_{secrets.token_urlsafe(32)}"
        info = TokenInfo(
            token_id=token_id,
            box=box,
            district=district,
            site=site,
            made_by=by,
            made_at_us=to_us(now),
            expires_at_us=to_us(now + timedelta(seconds=ttl_s)),
            used_at_us=None,
            revoked_at_us=None,
        )
        values = {name: getattr(info, name) for name in TokenInfo.__struct_fields__}
        with self._store.write(Lane.REGISTRY) as connection:
            connection.execute(
                insert(enrolment_tokens).values(token_sha256=_digest(token), **values)
            )
        return info, token

    def tokens(self) -> list[TokenInfo]:
        """Return every token, newest first."""
        query = select(enrolment_tokens).order_by(
            enrolment_tokens.c.made_at_us.desc(), enrolment_tokens.c.token_id
        )
        with self._store.read() as connection:
            return [_info(row) for row in connection.execute(query)]

    def revoke_token(self, token_id: str, now: datetime) -> None:
        """Make a token that was not used worthless.

        Raises:
            NotFound: there is no such token that could still be used.
        """
        with self._store.write(Lane.REGISTRY) as connection:
            done = connection.execute(
                update(enrolment_tokens)
                .where(
                    enrolment_tokens.c.token_id == token_id,
                    enrolment_tokens.c.used_at_us.is_(None),
                    enrolment_tokens.c.revoked_at_us.is_(None),
                )
                .values(revoked_at_us=to_us(now))
            )
            if done.rowcount == 0:
                raise NotFound(f"token {token_id[:40]!r} does not exist, was used or is revoked")

    def enrol(self, token: str, now: datetime) -> Enrolled:
        """Take a token for a login at the hub and a key at the API.

        A box that is enrolled again gets new ones, and its old ones are worthless from then on.

        Raises:
            Unauthenticated: the token is unknown, used, expired or revoked; they all look alike.
        """
        info = self._usable(token, now)
        key, api_key = self._keys.create(info.box, Role.BOX, now)
        password = secrets.token_urlsafe(24)
        hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(_BCRYPT_COST, prefix=b"2a"))
        with self._store.write(Lane.REGISTRY) as connection:
            used = connection.execute(
                update(enrolment_tokens)
                .where(
                    enrolment_tokens.c.token_id == info.token_id,
                    enrolment_tokens.c.used_at_us.is_(None),
                    enrolment_tokens.c.revoked_at_us.is_(None),
                )
                .values(used_at_us=to_us(now))
            )
            won = used.rowcount == 1
            former = None
            if won:
                former = connection.scalar(
                    select(box_logins.c.key_id).where(
                        box_logins.c.box == info.box, box_logins.c.revoked_at_us.is_(None)
                    )
                )
                revision = _revision(connection) + 1
                connection.execute(delete(box_logins).where(box_logins.c.box == info.box))
                connection.execute(
                    insert(box_logins).values(
                        box=info.box,
                        revision=revision,
                        district=info.district,
                        site=info.site,
                        password_hash=hashed.decode(),
                        key_id=key.key_id,
                        made_at_us=to_us(now),
                    )
                )
        if not won:
            self._keys.revoke(key.key_id, now)
            raise _refusal()
        if former is not None:
            self._forget_key(former, now)
        return Enrolled(
            box=info.box,
            district=info.district,
            site=info.site,
            username=info.box,
            password=password,
            api_key=api_key,
        )

    def _usable(self, token: str, now: datetime) -> TokenInfo:
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise _refusal()
        query = select(enrolment_tokens).where(enrolment_tokens.c.token_id == match[1])
        with self._store.read() as connection:
            row = connection.execute(query).one_or_none()
        known = "" if row is None else row.token_sha256
        if not hmac.compare_digest(known, _digest(token)) or row is None:
            raise _refusal()
        info = _info(row)
        spent = info.used_at_us is not None or info.revoked_at_us is not None
        if spent or info.expires_at_us <= to_us(now):
            raise _refusal()
        return info

    def revoke_box(self, box: str, now: datetime, *, by: str) -> None:
        """Take a box's login and key away.

        Raises:
            NotFound: the box has none.
        """
        with self._store.write(Lane.REGISTRY) as connection:
            key_id = connection.scalar(
                select(box_logins.c.key_id).where(
                    box_logins.c.box == box, box_logins.c.revoked_at_us.is_(None)
                )
            )
            if key_id is None:
                raise NotFound(f"box {box[:80]!r} has no login, or it is revoked already")
            connection.execute(
                update(box_logins)
                .where(box_logins.c.box == box)
                .values(revoked_at_us=to_us(now), revoked_by=by, revision=_revision(connection) + 1)
            )
        self._forget_key(key_id, now)

    def _forget_key(self, key_id: str, now: datetime) -> None:
        try:
            self._keys.revoke(key_id, now)
        except NotFound:
            # somebody revoked the key by hand before
            return

    def enrolled(self, box: str) -> bool:
        """Return whether a box has a login now."""
        query = select(box_logins.c.box).where(
            box_logins.c.box == box, box_logins.c.revoked_at_us.is_(None)
        )
        with self._store.read() as connection:
            return connection.execute(query).one_or_none() is not None

    def revision(self) -> int:
        """Return the revision of the latest change of logins; 0 where there was none."""
        with self._store.read() as connection:
            return _revision(connection)

    def logins(self) -> HubLogins:
        """Return every box that may log in to the hub, by id."""
        query = (
            select(box_logins)
            .where(box_logins.c.revoked_at_us.is_(None))
            .order_by(box_logins.c.box)
        )
        with self._store.read() as connection:
            revision = _revision(connection)
            rows = connection.execute(query).all()
        return HubLogins(
            revision=revision,
            boxes=tuple(
                HubLogin(
                    box=row.box,
                    district=row.district,
                    site=row.site,
                    password_hash=row.password_hash,
                )
                for row in rows
            ),
        )


def _refusal() -> Unauthenticated:
    return Unauthenticated(
        "the token is unknown, used, expired or revoked; ask for a new one "
        "(cityloop fleet token create)"
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _revision(connection: Connection) -> int:
    return int(connection.scalar(select(func.max(box_logins.c.revision))) or 0)


def _info(row: Row[Any]) -> TokenInfo:
    return TokenInfo(**{name: getattr(row, name) for name in TokenInfo.__struct_fields__})
