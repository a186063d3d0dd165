"""Inserting many rows of numbers, texts and bytes as they are.

SQLAlchemy's own insert looks at each value of each row, which is a sixth of a rebuild. PostgreSQL takes a few rows by INSERT and
many by COPY: against one INSERT for each row that is a sixth of the processor time here and six tenths of it there, by
groups of 1,000 revisions; of a single row it is more.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import psycopg
from sqlalchemy import (
    BigInteger,
    Connection,
    Float,
    Integer,
    LargeBinary,
    Table,
    Text,
)
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.types import TypeEngine

__all__ = ["insert_plain", "insert_tuples"]

_COPIED = 8
"""So many rows are worth a COPY, which takes two answers of the server more."""

_TYPES: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (BigInteger, "int8"),  # a kind of Integer, so it comes first
    (Integer, "int4"),
    (Float, "float8"),
    (Text, "text"),
    (LargeBinary, "bytea"),
)
"""PostgreSQL's names of the types that tables have here."""


def insert_plain(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]
) -> None:
    """Insert rows, each with every column of the table.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses them.
    """
    names = [column.name for column in table.columns]
    insert_tuples(connection, table, [tuple(row[name] for name in names) for row in rows])


def insert_tuples(connection: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows, each the values of all columns in the table's order.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses them.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql" and len(rows) >= _COPIED:
        _copy(connection, table, rows)
        return
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    marks = ", ".join([mark] * len(table.columns))
    statement = f'INSERT INTO "{table.name}" ({_names(table)}) VALUES ({marks})'  # noqa: S608 - names of ours
    connection.exec_driver_sql(statement, list(rows))


def _copy(connection: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Send rows in PostgreSQL's binary form, and raise what SQLAlchemy raises."""
    statement = f'COPY "{table.name}" ({_names(table)}) FROM STDIN (FORMAT BINARY)'
    try:
        cursor: Any = connection.connection.cursor()  # psycopg's, which no type tells
        with closing(cursor), cursor.copy(statement) as copy:
            copy.set_types([_type_of(column.type) for column in table.columns])
            for row in rows:
                copy.write_row(row)
    except psycopg.IntegrityError as error:
        raise IntegrityError(statement, None, error) from error
    except psycopg.OperationalError as error:
        raise OperationalError(statement, None, error) from error
    except psycopg.InterfaceError as error:
        raise InterfaceError(statement, None, error) from error


def _names(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _type_of(kind: TypeEngine[Any]) -> str:
    return next(name for known, name in _TYPES if isinstance(kind, known))
