"""The register of users: local ones with a password, others who log in somewhere else."""

import re
import secrets
from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import Struct
from sqlalchemy import Row, insert, select, update

from cloud_api.database import Lane, Store
from cloud_api.errors import InvalidInput, NotFound
from cloud_api.instants import to_us
from cloud_api.keys import Role
from cloud_api.people.scope import Scope
from cloud_api.people.tables import sessions, users

__all__ = ["PERSONS", "User", "UserRegister"]

PERSONS = tuple(role for role in Role if not role.is_machine)
"""Roles that a person can have."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,99}")


class User(Struct, frozen=True, kw_only=True):
    """A user as he is listed: never his password's hash."""

    user_id: str
    name: str
    role: Role
    scope: Scope
    has_password: bool
    issuer: str | None
    subject: str | None
    made_at_us: int
    locked_at_us: int | None


class UserRegister:
    """Adds, finds, changes and locks users."""

    def __init__(self, store: Store) -> None:
        self.changed: Callable[[], None] = lambda: None
        """Called when a user has been added, in the thread that did it."""
        self._store = store

    def names(self) -> list[str]:
        """Return the name of every user.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with self._store.read() as connection:
            return list(connection.scalars(select(users.c.name)))

    def add(
        self,
        name: str,
        role: Role,
        scope: Scope,
        now: datetime,
        *,
        password_hash: str | None = None,
        issuer: str | None = None,
        subject: str | None = None,
    ) -> User:
        """Return a new user.

        Args:
            name: what he logs in with and what the case log calls him.
            role: what he may do.
            scope: what of the city he may see.
            now: the moment.
            password_hash: of :class:`~cloud_api.people.passwords.Passwords`; None: no local login.
            issuer: where else he logs in; None: nowhere.
            subject: who he is there; None: whoever comes first under his name.

        Raises:
            InvalidInput: the name is taken or not acceptable, or the role is a machine's.
        """
        if _NAME.fullmatch(name) is None:
            raise InvalidInput(
                f"user {name[:100]!r}: expected a name of small letters, digits and . _ @ -"
            )
        if role not in PERSONS:
            raise InvalidInput(f"user {name!r}: expected one of the roles {', '.join(PERSONS)}")
        user_id = secrets.token_hex(6)
        with self._store.write(Lane.KEYS) as connection:
            if connection.scalar(select(users.c.user_id).where(users.c.name == name)) is not None:
                raise InvalidInput(f"user {name!r} exists already; see users list")
            connection.execute(
                insert(users).values(
                    user_id=user_id,
                    name=name,
                    password_hash=password_hash,
                    role=role.value,
                    scope=msgspec.json.encode(scope).decode(),
                    issuer=issuer,
                    subject=subject,
                    made_at_us=to_us(now),
                )
            )
        self.changed()
        return self.get(name)

    def list(self) -> list[User]:
        """Return every user by name."""
        with self._store.read() as connection:
            return [_user(row) for row in connection.execute(select(users).order_by(users.c.name))]

    def find(self, name: str) -> tuple[User, str | None] | None:
        """Return a user and the hash of his password, or None."""
        with self._store.read() as connection:
            row = connection.execute(select(users).where(users.c.name == name)).one_or_none()
        return None if row is None else (_user(row), row.password_hash)

    def get(self, name: str) -> User:
        """Return a user.

        Raises:
            NotFound: nobody has this name.
        """
        found = self.find(name)
        if found is None:
            raise NotFound(f"user {name[:100]!r} does not exist; see users list")
        return found[0]

    def bound(self, issuer: str, subject: str) -> User | None:
        """Return the user who is somebody at another place, or None."""
        query = select(users).where(users.c.issuer == issuer, users.c.subject == subject)
        with self._store.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _user(row)

    def bind(self, name: str, issuer: str, subject: str) -> User | None:
        """Say for good who a user is at another place, if that was left open; None where it was not."""
        with self._store.write(Lane.KEYS) as connection:
            done = connection.execute(
                update(users)
                .where(users.c.name == name, users.c.issuer == issuer, users.c.subject.is_(None))
                .values(subject=subject)
            )
        return self.get(name) if done.rowcount else None

    def change(
        self,
        name: str,
        now: datetime,
        *,
        role: Role | None = None,
        scope: Scope | None = None,
        password_hash: str | None = None,
        locked: bool | None = None,
    ) -> User:
        """Change what is not None and end the user's sessions: what he may do has changed.

        Raises:
            NotFound: nobody has this name.
            InvalidInput: the role is a machine's.
        """
        if role is not None and role not in PERSONS:
            raise InvalidInput(f"user {name!r}: expected one of the roles {', '.join(PERSONS)}")
        values: dict[str, object] = {}
        if role is not None:
            values["role"] = role.value
        if scope is not None:
            values["scope"] = msgspec.json.encode(scope).decode()
        if password_hash is not None:
            values["password_hash"] = password_hash
        if locked is not None:
            values["locked_at_us"] = to_us(now) if locked else None
        user = self.get(name)
        with self._store.write(Lane.KEYS) as connection:
            if values:
                connection.execute(
                    update(users).where(users.c.user_id == user.user_id).values(**values)
                )
            connection.execute(
                update(sessions)
                .where(sessions.c.user_id == user.user_id, sessions.c.ended_at_us.is_(None))
                .values(ended_at_us=to_us(now))
            )
        return self.get(name)


def _user(row: Row[tuple[object, ...]]) -> User:
    found = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row by column names
    return User(
        user_id=str(found["user_id"]),
        name=str(found["name"]),
        role=Role(str(found["role"])),
        scope=msgspec.json.decode(str(found["scope"]), type=Scope),
        has_password=found["password_hash"] is not None,
        issuer=found["issuer"],
        subject=found["subject"],
        made_at_us=found["made_at_us"],
        locked_at_us=found["locked_at_us"],
    )
