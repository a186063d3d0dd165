"""Which index a question about very many cases walks.

The planner of neither store knows how rare a value is (SQLite without ``ANALYZE`` knows nothing), and a wrong guess reads
ten million rows. So what has an index of its own is written as that index wants it, and what should only be compared on
the way is marked so.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from cloud_api.schema import cases, events

__all__ = ["IS_OPEN", "RUNNING", "Compared", "equal", "few", "placed"]

IS_OPEN: ColumnElement[bool] = cases.c.is_open == literal_column("1")
"""Open cases; the number is written out, since a bound value would not be seen to fit an index over open cases."""

RUNNING: ColumnElement[bool] = events.c.phase != literal_column("'end'")
"""Events that have not ended; written out for the same reason."""

_FEW = 5_000


class Compared(FunctionElement[Any]):
    """A column that is compared row by row, in the index that is walked where it holds the column.

    SQLite does not search by what has a plus before it. PostgreSQL counts its rows and chooses well by itself.
    """

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(Compared)
def _as_it_is(element: Compared, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses.clauses[0], **options)


@compiles(Compared, "sqlite")
def _not_searched(element: Compared, compiler: SQLCompiler, **options: Any) -> str:
    return "+" + compiler.process(element.clauses.clauses[0], **options)


def equal(
    wanted: Iterable[tuple[Column[Any], object | None]], *, searched: bool
) -> list[ColumnElement[bool]]:
    """Return a clause for each column that is asked for.

    Args:
        wanted: columns and values; None matches everything.
        searched: an index of one of them may be walked; otherwise they are only compared.
    """
    return [
        (column if searched else Compared(column)) == str(value)
        for column, value in wanted
        if value is not None
    ]


def placed(column: Column[int], *, walked: bool) -> ColumnElement[int]:
    """Return a column to order by: as it is where its index is walked; a sum, which no index has, where not."""
    return column if walked else column + literal_column("0")


def few(connection: Connection, clause: ColumnElement[bool]) -> bool:
    """Return whether so few rows fit a clause over one indexed column that all of them may be read and sorted.

    Otherwise the rows are walked in the order that is asked for: there soon come enough of what is frequent.
    """
    found = select(literal_column("1")).where(clause).limit(_FEW + 1).subquery()
    return (connection.scalar(select(func.count()).select_from(found)) or 0) <= _FEW
