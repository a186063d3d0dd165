"""Tables of the fleet. Moments are microseconds since 1970 UTC, bodies are UTF-8 JSON.

``registry`` and ``box_configs`` give every change a revision of its own, under the writer's lock,
so that whoever polls asks for what came after the last one that he knows. What is deleted stays as
a row with ``gone``, for those who have not heard yet.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from cloud_api.schema import metadata

__all__ = [
    "box_configs",
    "box_logins",
    "box_states",
    "device_orders",
    "enrolment_tokens",
    "gateways",
    "registry",
]

registry = Table(
    "registry",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False, unique=True),
    Column("district", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("box", Text, nullable=True),
    Column("profile", Text, nullable=True),
    Column("lifecycle", Text, nullable=False),
    Column("gone", Integer, nullable=False),
    Column("changed_at_us", BigInteger, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_registry_district", "kind", "district"),
)

box_configs = Table(
    "box_configs",
    metadata,
    Column("box", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("revision", BigInteger, nullable=False, unique=True),
    Column("district", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("made_at_us", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

enrolment_tokens = Table(
    "enrolment_tokens",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("token_sha256", Text, nullable=False),
    Column("box", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("made_at_us", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
    Column("used_at_us", BigInteger, nullable=True),
    Column("revoked_at_us", BigInteger, nullable=True),
)

box_logins = Table(
    "box_logins",
    metadata,
    Column("box", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False, unique=True),
    Column("district", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("made_at_us", BigInteger, nullable=False),
    Column("revoked_at_us", BigInteger, nullable=True),
    Column("revoked_by", Text, nullable=True),
)

box_states = Table(
    "box_states",
    metadata,
    Column("box", Text, primary_key=True),
    Column("gateway", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

gateways = Table(
    "gateways",
    metadata,
    Column("gateway", Text, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

device_orders = Table(
    "device_orders",
    metadata,
    Column("id", Text, primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("made_at_us", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_device_orders_event_id", "event_id", "made_at_us"),
    Index("ix_device_orders_made_at_us", "made_at_us"),
)
