"""Tallies of months, quarters and years."""

import sqlalchemy as sa
from alembic import op

revision = "0011_tallies"
down_revision = "0010_models"
branch_labels = None
depends_on = None

_COUNTS = [
    "opened",
    "automatic",
    "opened_ended",
    "repeated",
    "located",
    "given",
    "bounced",
    "responded",
    "response_us",
    "closed",
    "closed_on_time",
    "resolved",
    "disposal_us",
    "joint",
    "joint_us",
    "joint_resolved",
    "asked",
    "satisfied",
    "decided",
    "valid",
    "overdue",
    "overdue_joint",
]


def upgrade() -> None:
    """Create the table; the rebuild that follows fills it."""
    op.create_table(
        "tallies",
        *(
            sa.Column(name, sa.Text, primary_key=True)
            for name in ("kind", "period", "district", "department")
        ),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in _COUNTS),
    )
    op.execute(
        "INSERT INTO positions (name, seq) SELECT 'stale', 1 WHERE EXISTS (SELECT 1 FROM cases) "
        "AND NOT EXISTS (SELECT 1 FROM positions WHERE name = 'stale')"
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("DELETE FROM positions WHERE name = 'stale'")
    op.drop_table("tallies")
