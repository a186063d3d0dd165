"""The audit log, and the keys of persons."""

import sqlalchemy as sa
from alembic import op

revision = "0005_audit"
down_revision = "0004_device_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "audit_log",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_index("ix_audit_log_at_us", "audit_log", ["at_us"])
    op.create_index("ix_audit_log_actor", "audit_log", ["actor", "seq"])
    op.create_table(
        "subject_keys",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("master_key", sa.Text, nullable=True),
        sa.Column("wrapped", sa.LargeBinary, nullable=True),
        sa.Column("made_at_us", sa.BigInteger, nullable=False),
        sa.Column("shredded_at_us", sa.BigInteger, nullable=True),
    )


def downgrade() -> None:
    """Drop both, with what is in them."""
    op.drop_table("subject_keys")
    op.drop_table("audit_log")
