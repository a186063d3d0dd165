"""Users, sessions, failed logins; scopes of keys; who is involved in a case."""

import sqlalchemy as sa
from alembic import op

revision = "0007_people"
down_revision = "0006_notices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; the column of cases is filled by the rebuild that follows."""
    op.create_table(
        "users",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("password_hash", sa.Text, nullable=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("issuer", sa.Text, nullable=True),
        sa.Column("subject", sa.Text, nullable=True),
        sa.Column("made_at_us", sa.BigInteger, nullable=False),
        sa.Column("locked_at_us", sa.BigInteger, nullable=True),
        sa.UniqueConstraint("issuer", "subject", name="uq_users_issuer_subject"),
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("token_sha256", sa.Text, nullable=False),
        sa.Column("made_at_us", sa.BigInteger, nullable=False),
        sa.Column("used_at_us", sa.BigInteger, nullable=False),
        sa.Column("expires_at_us", sa.BigInteger, nullable=False),
        sa.Column("ended_at_us", sa.BigInteger, nullable=True),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_expires_at_us", "sessions", ["expires_at_us"])
    op.create_table(
        "login_failures",
        sa.Column("name_sha256", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at_us", sa.BigInteger, nullable=False),
        sa.Column("next_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_login_failures_last_at_us", "login_failures", ["last_at_us"])
    op.add_column("api_keys", sa.Column("scope", sa.Text, nullable=True))
    op.add_column("cases", sa.Column("involved", sa.Text, nullable=True))
    op.execute(
        "INSERT INTO positions (name, seq) SELECT 'stale', 1 WHERE EXISTS (SELECT 1 FROM cases) "
        "AND NOT EXISTS (SELECT 1 FROM positions WHERE name = 'stale')"
    )


def downgrade() -> None:
    """Take it away again."""
    op.execute("DELETE FROM positions WHERE name = 'stale'")
    op.drop_column("cases", "involved")
    op.drop_column("api_keys", "scope")
    op.drop_table("login_failures")
    op.drop_table("sessions")
    op.drop_table("users")
