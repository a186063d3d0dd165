"""What did not arrive at the endpoints of webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0009_webhooks"
down_revision = "0008_orders"
branch_labels = None
depends_on = None

_SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "webhook_log",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=True),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index("ix_webhook_log_endpoint", "webhook_log", ["endpoint", "seq"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("webhook_log")
