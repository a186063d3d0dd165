"""Tables of models and reviews. Moments are microseconds since 1970 UTC, bodies are UTF-8 JSON."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from cloud_api.schema import metadata

__all__ = ["model_bundles", "model_rollouts", "reviews"]

model_bundles = Table(
    "model_bundles",
    metadata,
    Column("model", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("counter", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("stage", Text, nullable=False),
    Column("published_at_us", BigInteger, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("signers", Text, nullable=False),
    Column("manifest", LargeBinary, nullable=False),
)

model_rollouts = Table(
    "model_rollouts",
    metadata,
    Column("model", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("made_at_us", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("box", Text, nullable=False),
    Column("camera", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("taken_at_us", BigInteger, nullable=False),
    Column("decided_at_us", BigInteger, nullable=True),
    Column("decided_by", Text, nullable=True),
    Column("body", LargeBinary, nullable=False),
    Column("labels", LargeBinary, nullable=True),
    Column("model", Text, nullable=False, server_default=""),
    Column("network", Text, nullable=False, server_default=""),
    Index("ix_reviews_state", "state", "taken_at_us"),
    Index("ix_reviews_network", "network", "id"),
)
