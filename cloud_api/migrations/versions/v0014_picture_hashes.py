"""Perceptual hashes of pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0014_picture_hashes"
down_revision = "0013_packs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; who serves fills it for the pictures that are stored."""
    op.add_column("evidence", sa.Column("picture_hash", sa.LargeBinary, nullable=True))


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("evidence", "picture_hash")
