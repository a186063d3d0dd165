"""Published models, their rollouts, and pictures to review."""

import sqlalchemy as sa
from alembic import op

revision = "0010_models"
down_revision = "0009_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "model_bundles",
        sa.Column("model", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("counter", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("published_at_us", sa.BigInteger, nullable=False),
        sa.Column("published_by", sa.Text, nullable=False),
        sa.Column("signers", sa.Text, nullable=False),
        sa.Column("manifest", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "model_rollouts",
        sa.Column("model", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("made_at_us", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("box", sa.Text, nullable=False),
        sa.Column("camera", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("taken_at_us", sa.BigInteger, nullable=False),
        sa.Column("decided_at_us", sa.BigInteger, nullable=True),
        sa.Column("decided_by", sa.Text, nullable=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("labels", sa.LargeBinary, nullable=True),
    )
    op.create_index("ix_reviews_state", "reviews", ["state", "taken_at_us"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("reviews")
    op.drop_table("model_rollouts")
    op.drop_table("model_bundles")
