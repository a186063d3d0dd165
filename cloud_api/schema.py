"""Tables: two append-only logs, what is projected from them, keys and evidence.

``intake`` and ``case_log`` are the truth; ``events``, ``cases`` and the row of ``positions`` that
says how far the intake is projected can be thrown away and rebuilt. Sequence numbers are given by
the writer under its lock, so they have no gaps and commit in order. Moments are microseconds
since 1970 UTC, bodies are UTF-8 JSON.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

__all__ = [
    "SEQ",
    "api_keys",
    "case_log",
    "cases",
    "events",
    "evidence",
    "intake",
    "metadata",
    "mode_log",
    "positions",
]

metadata = MetaData()

SEQ = BigInteger().with_variant(Integer, "sqlite")
# SQLite makes only an INTEGER primary key the row's own id.


def _partial(name: str, where: str, *columns: str) -> Index:
    """Return an index over the rows for which ``where`` holds, on both stores."""
    clause = text(where)
    return Index(name, *columns, sqlite_where=clause, postgresql_where=clause)


def _of_known(name: str, *columns: str) -> Index:
    """Return an index over the rows that have the first of its columns."""
    return _partial(name, f"{columns[0]} IS NOT NULL", *columns)


def _of_open(name: str, *columns: str) -> Index:
    """Return an index over open cases.

    ``is_open`` leads it although it is always 1: SQLite takes that for a search by value, so it prefers the index also
    where nobody has counted its rows, and reads no row of the table to see whether the case is open.
    """
    return _partial(name, "is_open = 1", "is_open", *columns)


intake = Table(
    "intake",
    metadata,
    Column("seq", SEQ, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("received_at_us", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("event_id", "rev", name="uq_intake_event_id_rev"),
)

case_log = Table(
    "case_log",
    metadata,
    Column("seq", SEQ, primary_key=True, autoincrement=False),
    Column("case_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("case_id", "version", name="uq_case_log_case_id_version"),
)

positions = Table(
    "positions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("first_seq", BigInteger, nullable=False, unique=True),
    Column("rev", Integer, nullable=False),
    Column("revisions", Integer, nullable=False),
    Column("district", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("first_received_at_us", BigInteger, nullable=False),
    Column("received_at_us", BigInteger, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_events_case_id", "case_id"),
    Index("ix_events_at_us", "at_us"),
    Index("ix_events_event_type", "event_type", "first_seq"),
    _partial(
        "ix_events_running",
        "phase <> 'end'",
        *("first_seq", "level", "phase", "event_type", "district", "case_id"),
    ),
)

cases = Table(
    "cases",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("opened_seq", BigInteger, nullable=False, unique=True),
    Column("district", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("day_number", Integer, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("attach_key", Text, nullable=True),
    Column("state", Text, nullable=False),
    Column("is_open", Integer, nullable=False),
    Column("level", Text, nullable=False),
    Column("department", Text, nullable=True),
    Column("merged_into", Text, nullable=True),
    Column("lon", Float, nullable=True),
    Column("lat", Float, nullable=True),
    Column("opened_at_us", BigInteger, nullable=False),
    Column("changed_at_us", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    # Columns that later versions added stand at the end, as ALTER TABLE leaves them.
    Column("kin_key", Text, nullable=True),
    Column("person", Text, nullable=True),
    Column("flow", Text, nullable=True),
    Column("class_code", Text, nullable=True),
    Column("grid", Text, nullable=True),
    Column("cell", Text, nullable=True),
    Column("lamp", Text, nullable=True),
    Column("tier", Text, nullable=True),
    Column("due_at_us", BigInteger, nullable=True),
    Column("next_at_us", BigInteger, nullable=True),
    Column("closed_at_us", BigInteger, nullable=True),
    Column("involved", Text, nullable=True),
    UniqueConstraint("district", "day", "day_number", name="uq_cases_district_day_number"),
    Index("ix_cases_state", "state", "opened_seq"),
    Index("ix_cases_changed_at_us", "changed_at_us"),
    Index("ix_cases_cell", "cell", "opened_at_us"),
    Index("ix_cases_event_type", "event_type", "opened_seq"),
    # What few cases have is indexed for those: a closed case pays for none of it.
    _of_known("ix_cases_attach_key", "attach_key"),
    _of_known("ix_cases_merged_into", "merged_into"),
    _of_known("ix_cases_kin_key", "kin_key", "closed_at_us"),
    _of_known("ix_cases_next_at_us", "next_at_us"),
    _of_known("ix_cases_person", "person", "opened_seq"),
    _of_known("ix_cases_department", "department", "opened_seq"),
    _of_known("ix_cases_grid", "grid", "opened_seq"),
    _of_known("ix_cases_tier", "tier", "opened_seq"),
    # The open cases, as lists, the queue, the map and counts of them read them; see docs/case_indexes.md.
    _of_open(
        "ix_cases_open",
        "opened_seq",
        *("level", "district", "state", "lamp", "department", "person", "tier", "event_type"),
        *("grid", "due_at_us", "involved", "lon", "lat", "case_id", "number"),
    ),
    _of_open(
        "ix_cases_queue",
        *("lamp", "due_at_us", "opened_seq"),
        *("level", "district", "state", "department", "person", "tier", "grid", "involved"),
    ),
    _of_open("ix_cases_map", "lon", "lat", "level", "lamp", "district"),
    _of_open(
        "ix_cases_standing",
        *("lamp", "state", "due_at_us"),
        *("level", "district", "department", "person", "tier", "grid", "involved"),
    ),
    _of_open("ix_cases_holder", "person", "department", "lamp", "state", "involved"),
)

mode_log = Table(
    "mode_log",
    metadata,
    Column("seq", SEQ, primary_key=True, autoincrement=False),
    Column("district", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_mode_log_district", "district", "seq"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("stored_at_us", BigInteger, nullable=False),
    Column("stored_by", Text, nullable=False),
    Column("picture_hash", LargeBinary, nullable=True),  # NULL: nobody looked yet
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("token_sha256", Text, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("revoked_at_us", BigInteger, nullable=True),
    Column("scope", Text, nullable=True),
)
