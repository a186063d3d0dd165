"""The table of tallies: kept up in the transaction that changes the cases, read for a scorecard."""

from collections.abc import Mapping

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
)

from cloud_api.evaluation.tally import COUNTS, TallyKey, kind_of
from cloud_api.schema import metadata

__all__ = ["read_tally", "refill_tallies", "tallies", "write_tallies"]

tallies = Table(
    "tallies",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("district", Text, primary_key=True),
    Column("department", Text, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in COUNTS),
)

_KEYS = [tallies.c[name] for name in TallyKey._fields]
_CHUNK = 100
"""Keys of one query: four values each, and SQLite allowed 999 before 3.32."""

_CUMULATIVE = frozenset({"overdue", "overdue_joint"})


def write_tallies(connection: Connection, changes: Mapping[TallyKey, list[int]]) -> None:
    """Add changes to the table; a tally of nothing but zeros has no row."""
    wanted = sorted(key for key, counts in changes.items() if any(counts))
    known: dict[TallyKey, list[int]] = {}
    for start in range(0, len(wanted), _CHUNK):
        clauses = [
            and_(*(column == value for column, value in zip(_KEYS, key, strict=True)))
            for key in wanted[start : start + _CHUNK]
        ]
        for row in connection.execute(select(tallies).where(or_(*clauses))):
            known[TallyKey(*row[:4])] = list(row[4:])
    if known:
        gone = delete(tallies).where(
            and_(*(column == bindparam(f"b_{column.name}") for column in _KEYS))
        )
        connection.execute(
            gone, [{f"b_{name}": value for name, value in key._asdict().items()} for key in known]
        )
    rows = []
    for key in wanted:
        before = known.get(key)
        after = changes[key]
        if before is not None:
            after = [one + other for one, other in zip(before, after, strict=True)]
        if any(after):
            rows.append(key._asdict() | dict(zip(COUNTS, after, strict=True)))
    if rows:
        connection.execute(insert(tallies), rows)


def refill_tallies(connection: Connection, changes: Mapping[TallyKey, list[int]]) -> None:
    """Make the table again from all changes together."""
    connection.execute(delete(tallies))
    write_tallies(connection, changes)


def read_tally(
    connection: Connection,
    period: str,
    *,
    districts: tuple[str, ...] = (),
    department: str | None = None,
) -> dict[str, int]:
    """Return the counts of a period, 0 where nothing was counted.

    Args:
        connection: to the store.
        period: name of a month, quarter or year.
        districts: only of these; empty for all.
        department: only of this one.
    """
    wanted = [tallies.c.kind == kind_of(period)]
    if districts:
        wanted.append(tallies.c.district.in_(districts))
    if department is not None:
        wanted.append(tallies.c.department == department)
    counts: dict[str, int] = {}
    for names, within in (
        (_CUMULATIVE, tallies.c.period <= period),
        (frozenset(COUNTS) - _CUMULATIVE, tallies.c.period == period),
    ):
        chosen = sorted(names)
        query = select(*(func.coalesce(func.sum(tallies.c[name]), 0) for name in chosen))
        row = connection.execute(query.where(within, *wanted)).one()
        counts |= {name: int(value) for name, value in zip(chosen, row, strict=True)}
    return counts
