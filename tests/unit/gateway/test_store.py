"""Rows written many to a statement."""

import sqlite3
from contextlib import closing

import pytest

from gateway.store import write_rows


@pytest.mark.parametrize("count", [0, 1, 9, 10, 99, 1_000, 1_001, 2_345])
def test_every_row_is_written_once_and_in_its_place(count: int) -> None:
    """However the rows are dealt out to statements, they come in their order."""
    rows = [(number, f"row {number}") for number in range(count)]
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE t (a, b)")
        write_rows(db, "INSERT INTO t", 2, rows)
        found = db.execute("SELECT a, b FROM t ORDER BY rowid").fetchall()

    assert found == rows


def test_few_statements_suffice() -> None:
    """Each of them gives the interpreter away: a batch must not take one a row."""
    told: list[str] = []
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE t (a, b)")
        db.set_trace_callback(told.append)
        write_rows(db, "INSERT INTO t", 2, [(number, "") for number in range(2_345)])

    assert len([statement for statement in told if statement.startswith("INSERT")]) == 14
