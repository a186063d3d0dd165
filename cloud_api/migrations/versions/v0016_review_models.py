"""Which network found a picture of the review queue, and what all versions of that network are called."""

import json

import sqlalchemy as sa
from alembic import op

from contracts.review import network_name

revision = "0016_review_models"
down_revision = "0015_open_case_indexes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, filled for the pictures that are there."""
    for name in ("model", "network"):
        op.add_column("reviews", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.create_index("ix_reviews_network", "reviews", ["network", "id"])
    reviews = sa.table(
        "reviews",
        sa.column("id", sa.Text),
        sa.column("model", sa.Text),
        sa.column("network", sa.Text),
        sa.column("body", sa.LargeBinary),
    )
    connection = op.get_bind()
    found = connection.execute(sa.select(reviews.c.id, reviews.c.body)).all()
    rows = [(key, str(json.loads(bytes(body)).get("model", ""))) for key, body in found]
    told = [
        {"key": key, "told": model, "name": network_name(model)} for key, model in rows if model
    ]
    if told:
        connection.execute(
            sa.update(reviews)
            .where(reviews.c.id == sa.bindparam("key"))
            .values(model=sa.bindparam("told"), network=sa.bindparam("name")),
            told,
        )


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_reviews_network", "reviews")
    for name in ("network", "model"):
        op.drop_column("reviews", name)
