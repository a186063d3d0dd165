"""Notices: their log, and where each of them stands."""

import sqlalchemy as sa
from alembic import op

revision = "0006_notices"
down_revision = "0005_audit"
branch_labels = None
depends_on = None

_SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "notice_log",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=False),
        sa.Column("notice_id", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_notice_log_notice_id", "notice_log", ["notice_id", "seq"])
    op.create_table(
        "notices",
        sa.Column("notice_id", sa.Text, primary_key=True),
        sa.Column("first_seq", sa.BigInteger, nullable=False, unique=True),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("stage", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at_us", sa.BigInteger, nullable=True),
        sa.Column("queued_at_us", sa.BigInteger, nullable=False),
        sa.Column("changed_at_us", sa.BigInteger, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_notices_channel", "notices", ["channel", "next_at_us"])
    op.create_index("ix_notices_case_id", "notices", ["case_id", "first_seq"])


def downgrade() -> None:
    """Drop them, with what is in them."""
    op.drop_table("notices")
    op.drop_table("notice_log")
