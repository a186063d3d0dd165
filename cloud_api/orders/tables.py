"""Tables of the orders. Moments are microseconds since 1970 UTC, bodies are UTF-8 JSON.

``order_log`` is append-only; ``orders`` and ``order_names`` are made from it. What an order says about
people stands in the log sealed, under a key that can be destroyed.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from cloud_api.schema import SEQ, metadata

__all__ = ["order_log", "order_names", "orders"]

order_log = Table(
    "order_log",
    metadata,
    Column("seq", SEQ, primary_key=True, autoincrement=False),
    Column("order_id", Text, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("order_id", "rev", name="uq_order_log_order_id_rev"),
)

orders = Table(
    "orders",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("first_seq", BigInteger, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("received_at_us", BigInteger, nullable=False),
    Column("changed_at_us", BigInteger, nullable=False),
    Column("token_sha256", Text, nullable=True),
    Column("body", LargeBinary, nullable=False),
    Index("ix_orders_source", "source", "first_seq"),
    Index("ix_orders_token_sha256", "token_sha256"),
)

order_names = Table(
    "order_names",
    metadata,
    Column("source", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Index("ix_order_names_order_id", "order_id"),
)
