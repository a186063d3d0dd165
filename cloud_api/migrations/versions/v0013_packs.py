"""Rule packs: texts, what gateways run, proposals."""

import sqlalchemy as sa
from alembic import op

revision = "0013_packs"
down_revision = "0012_case_indexes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "pack_texts",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "gateway_packs",
        sa.Column("gateway", sa.Text, primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "pack_proposals",
        sa.Column("proposal", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False, unique=True),
        sa.Column("pack", sa.Text, nullable=False),
        sa.Column("base_sha256", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("proposed_at_us", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=True),
        sa.Column("decided_at_us", sa.BigInteger, nullable=True),
        sa.Column("decision_reason", sa.Text, nullable=True),
        sa.Column("revision", sa.BigInteger, nullable=True, unique=True),
    )
    op.create_index("ix_pack_proposals_pack", "pack_proposals", ["pack", "number"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("pack_proposals")
    op.drop_table("gateway_packs")
    op.drop_table("pack_texts")
