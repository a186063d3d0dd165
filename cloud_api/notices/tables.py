"""Tables of the notices. Moments are microseconds since 1970 UTC, bodies are UTF-8 JSON."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from cloud_api.schema import SEQ, metadata

__all__ = ["notice_log", "notices"]

notice_log = Table(
    "notice_log",
    metadata,
    Column("seq", SEQ, primary_key=True, autoincrement=False),
    Column("notice_id", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_notice_log_notice_id", "notice_id", "seq"),
)

notices = Table(
    "notices",
    metadata,
    Column("notice_id", Text, primary_key=True),
    Column("first_seq", BigInteger, nullable=False, unique=True),
    Column("case_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at_us", BigInteger, nullable=True),
    Column("queued_at_us", BigInteger, nullable=False),
    Column("changed_at_us", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_notices_channel", "channel", "next_at_us"),
    Index("ix_notices_case_id", "case_id", "first_seq"),
)
