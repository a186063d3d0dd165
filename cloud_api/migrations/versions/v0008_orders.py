"""Orders of other systems and reports of people."""

import sqlalchemy as sa
from alembic import op

revision = "0008_orders"
down_revision = "0007_people"
branch_labels = None
depends_on = None

_SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "order_log",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("order_id", "rev", name="uq_order_log_order_id_rev"),
    )
    op.create_table(
        "orders",
        sa.Column("order_id", sa.Text, primary_key=True),
        sa.Column("first_seq", sa.BigInteger, nullable=False, unique=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("received_at_us", sa.BigInteger, nullable=False),
        sa.Column("changed_at_us", sa.BigInteger, nullable=False),
        sa.Column("token_sha256", sa.Text, nullable=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_orders_source", "orders", ["source", "first_seq"])
    op.create_index("ix_orders_token_sha256", "orders", ["token_sha256"])
    op.create_table(
        "order_names",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("source_id", sa.Text, primary_key=True),
        sa.Column("order_id", sa.Text, nullable=False),
    )
    op.create_index("ix_order_names_order_id", "order_names", ["order_id"])


def downgrade() -> None:
    """Drop them, with what is in them."""
    op.drop_table("order_names")
    op.drop_table("orders")
    op.drop_table("order_log")
