"""The fleet: registry, desired configuration, enrolment, what gateways report."""

import sqlalchemy as sa
from alembic import op

revision = "0002_devices"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the fleet's tables."""
    op.create_table(
        "registry",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False, unique=True),
        sa.Column("district", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("box", sa.Text, nullable=True),
        sa.Column("profile", sa.Text, nullable=True),
        sa.Column("lifecycle", sa.Text, nullable=False),
        sa.Column("gone", sa.Integer, nullable=False),
        sa.Column("changed_at_us", sa.BigInteger, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_registry_district", "registry", ["kind", "district"])
    op.create_table(
        "box_configs",
        sa.Column("box", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False, unique=True),
        sa.Column("district", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("made_at_us", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    _create_enrolment()
    op.create_table(
        "box_states",
        sa.Column("box", sa.Text, primary_key=True),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "gateways",
        sa.Column("gateway", sa.Text, primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def _create_enrolment() -> None:
    op.create_table(
        "enrolment_tokens",
        sa.Column("token_id", sa.Text, primary_key=True),
        sa.Column("token_sha256", sa.Text, nullable=False),
        sa.Column("box", sa.Text, nullable=False),
        sa.Column("district", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("made_at_us", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("expires_at_us", sa.BigInteger, nullable=False),
        sa.Column("used_at_us", sa.BigInteger, nullable=True),
        sa.Column("revoked_at_us", sa.BigInteger, nullable=True),
    )
    op.create_table(
        "box_logins",
        sa.Column("box", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False, unique=True),
        sa.Column("district", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("made_at_us", sa.BigInteger, nullable=False),
        sa.Column("revoked_at_us", sa.BigInteger, nullable=True),
        sa.Column("revoked_by", sa.Text, nullable=True),
    )


def downgrade() -> None:
    """Drop them, with what is in them."""
    for name in (
        "gateways",
        "box_states",
        "box_logins",
        "enrolment_tokens",
        "box_configs",
        "registry",
    ):
        op.drop_table(name)
