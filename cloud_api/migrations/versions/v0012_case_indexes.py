"""Indexes for lists and the map of very many cases."""

from alembic import op

revision = "0012_case_indexes"
down_revision = "0011_tallies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.create_index("ix_cases_open", "cases", ["is_open", "opened_seq"])
    op.create_index("ix_cases_map", "cases", ["is_open", "lon", "lat", "level", "lamp"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_cases_map", "cases")
    op.drop_index("ix_cases_open", "cases")
