"""Table of what did not arrive at once. Moments are microseconds since 1970 UTC."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from cloud_api.schema import SEQ, metadata

__all__ = ["webhook_log"]

webhook_log = Table(
    "webhook_log",
    metadata,
    Column("seq", SEQ, primary_key=True, autoincrement=False),
    Column("endpoint", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("status", Integer, nullable=True),
    Column("why", Text, nullable=False),
    Index("ix_webhook_log_endpoint", "endpoint", "seq"),
)
