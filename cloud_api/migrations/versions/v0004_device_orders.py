"""What became of orders of rules to devices."""

import sqlalchemy as sa
from alembic import op

revision = "0004_device_orders"
down_revision = "0003_case_life"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of orders."""
    op.create_table(
        "device_orders",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("made_at_us", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_device_orders_event_id", "device_orders", ["event_id", "made_at_us"])
    op.create_index("ix_device_orders_made_at_us", "device_orders", ["made_at_us"])


def downgrade() -> None:
    """Drop it, with what is in it."""
    op.drop_table("device_orders")
