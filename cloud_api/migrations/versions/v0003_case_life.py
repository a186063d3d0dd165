"""Deadlines, flows, recurrence and places of cases; the log of mode switches."""

import sqlalchemy as sa
from alembic import op

revision = "0003_case_life"
down_revision = "0002_devices"
branch_labels = None
depends_on = None

_SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_COLUMNS = {
    "kin_key": sa.Text,
    "person": sa.Text,
    "flow": sa.Text,
    "class_code": sa.Text,
    "grid": sa.Text,
    "cell": sa.Text,
    "lamp": sa.Text,
    "tier": sa.Text,
    "due_at_us": sa.BigInteger,
    "next_at_us": sa.BigInteger,
    "closed_at_us": sa.BigInteger,
}
_INDEXES = {
    "ix_cases_kin_key": ["kin_key", "closed_at_us"],
    "ix_cases_cell": ["cell", "opened_at_us"],
    "ix_cases_next_at_us": ["next_at_us"],
    "ix_cases_lamp": ["lamp", "due_at_us"],
    "ix_cases_person": ["person", "is_open"],
}


def upgrade() -> None:
    """Add what can be searched for; the rows are filled by the rebuild that follows."""
    for name, kind in _COLUMNS.items():
        op.add_column("cases", sa.Column(name, kind, nullable=True))
    for name, columns in _INDEXES.items():
        op.create_index(name, "cases", columns)
    op.create_table(
        "mode_log",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=False),
        sa.Column("district", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("ix_mode_log_district", "mode_log", ["district", "seq"])
    op.execute(
        "INSERT INTO positions (name, seq) SELECT 'stale', 1 WHERE EXISTS (SELECT 1 FROM cases)"
    )


def downgrade() -> None:
    """Take it away again."""
    op.execute("DELETE FROM positions WHERE name = 'stale'")
    op.drop_table("mode_log")
    for name in _INDEXES:
        op.drop_index(name, "cases")
    for name in _COLUMNS:
        op.drop_column("cases", name)
