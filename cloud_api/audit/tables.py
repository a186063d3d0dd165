"""Table of the audit log; moments are microseconds since 1970 UTC, bodies UTF-8 JSON."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from cloud_api.schema import metadata

__all__ = ["audit_log"]

audit_log = Table(
    "audit_log",
    metadata,
    Column(
        "seq",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_audit_log_at_us", "at_us"),
    Index("ix_audit_log_actor", "actor", "seq"),
)
