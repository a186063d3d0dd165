"""Tables of users, sessions and failed logins; moments are microseconds since 1970 UTC."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, UniqueConstraint

from cloud_api.schema import metadata

__all__ = ["login_failures", "sessions", "users"]

users = Table(
    "users",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=True),
    Column("role", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("issuer", Text, nullable=True),
    Column("subject", Text, nullable=True),
    Column("made_at_us", BigInteger, nullable=False),
    Column("locked_at_us", BigInteger, nullable=True),
    UniqueConstraint("issuer", "subject", name="uq_users_issuer_subject"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("token_sha256", Text, nullable=False),
    Column("made_at_us", BigInteger, nullable=False),
    Column("used_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
    Column("ended_at_us", BigInteger, nullable=True),
    Index("ix_sessions_user_id", "user_id"),
    Index("ix_sessions_expires_at_us", "expires_at_us"),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("name_sha256", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at_us", BigInteger, nullable=False),
    Column("next_at_us", BigInteger, nullable=False),
    Index("ix_login_failures_last_at_us", "last_at_us"),
)
