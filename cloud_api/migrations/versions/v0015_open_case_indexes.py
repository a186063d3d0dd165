"""Indexes over open cases, running events and what few cases have; those over every case that they replace go."""

import sqlalchemy as sa
from alembic import op

revision = "0015_open_case_indexes"
down_revision = "0014_picture_hashes"
branch_labels = None
depends_on = None

_OPEN = "is_open = 1"
_REPLACED = {
    "ix_cases_attach_key": ["attach_key"],
    "ix_cases_merged_into": ["merged_into"],
    "ix_cases_kin_key": ["kin_key", "closed_at_us"],
    "ix_cases_next_at_us": ["next_at_us"],
    "ix_cases_lamp": ["lamp", "due_at_us"],
    "ix_cases_person": ["person", "is_open"],
    "ix_cases_open": ["is_open", "opened_seq"],
    "ix_cases_map": ["is_open", "lon", "lat", "level", "lamp"],
}
_MADE = {
    "ix_cases_event_type": (["event_type", "opened_seq"], None),
    "ix_cases_attach_key": (["attach_key"], "attach_key IS NOT NULL"),
    "ix_cases_merged_into": (["merged_into"], "merged_into IS NOT NULL"),
    "ix_cases_kin_key": (["kin_key", "closed_at_us"], "kin_key IS NOT NULL"),
    "ix_cases_next_at_us": (["next_at_us"], "next_at_us IS NOT NULL"),
    "ix_cases_person": (["person", "opened_seq"], "person IS NOT NULL"),
    "ix_cases_department": (["department", "opened_seq"], "department IS NOT NULL"),
    "ix_cases_grid": (["grid", "opened_seq"], "grid IS NOT NULL"),
    "ix_cases_tier": (["tier", "opened_seq"], "tier IS NOT NULL"),
    "ix_cases_open": (
        [
            *("is_open", "opened_seq", "level", "district", "state", "lamp", "department"),
            *("person", "tier", "event_type", "grid", "due_at_us", "involved"),
            *("lon", "lat", "case_id", "number"),
        ],
        _OPEN,
    ),
    "ix_cases_queue": (
        [
            *("is_open", "lamp", "due_at_us", "opened_seq", "level", "district", "state"),
            *("department", "person", "tier", "grid", "involved"),
        ],
        _OPEN,
    ),
    "ix_cases_map": (["is_open", "lon", "lat", "level", "lamp", "district"], _OPEN),
    "ix_cases_standing": (
        [
            *("is_open", "lamp", "state", "due_at_us", "level", "district"),
            *("department", "person", "tier", "grid", "involved"),
        ],
        _OPEN,
    ),
    "ix_cases_holder": (
        ["is_open", "person", "department", "lamp", "state", "involved"],
        _OPEN,
    ),
}
_RUNNING = ["first_seq", "level", "phase", "event_type", "district", "case_id"]


def _make(name: str, table: str, columns: list[str], where: str | None) -> None:
    clause = None if where is None else sa.text(where)
    op.create_index(name, table, columns, sqlite_where=clause, postgresql_where=clause)


def upgrade() -> None:
    """Replace them."""
    for name in _REPLACED:
        op.drop_index(name, "cases")
    for name, (columns, where) in _MADE.items():
        _make(name, "cases", columns, where)
    _make("ix_events_running", "events", _RUNNING, "phase <> 'end'")


def downgrade() -> None:
    """Put the former ones back."""
    op.drop_index("ix_events_running", "events")
    for name in _MADE:
        op.drop_index(name, "cases")
    for name, columns in _REPLACED.items():
        _make(name, "cases", columns, None)
