"""Tables of rule packs. Moments are microseconds since 1970 UTC, bodies are UTF-8 JSON."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from cloud_api.schema import metadata

__all__ = ["gateway_packs", "pack_proposals", "pack_texts"]

pack_texts = Table(
    "pack_texts",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

gateway_packs = Table(
    "gateway_packs",
    metadata,
    Column("gateway", Text, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

pack_proposals = Table(
    "pack_proposals",
    metadata,
    Column("proposal", Text, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("pack", Text, nullable=False),
    Column("base_sha256", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("decided_by", Text, nullable=True),
    Column("decided_at_us", BigInteger, nullable=True),
    Column("decision_reason", Text, nullable=True),
    Column("revision", BigInteger, nullable=True, unique=True),
    Index("ix_pack_proposals_pack", "pack", "number"),
)
