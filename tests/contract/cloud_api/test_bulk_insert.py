"""Contract of inserting many rows: by whatever way, they are stored as they are, or not at all."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError

from cloud_api.bootstrap import Api
from cloud_api.bulk_insert import insert_plain, insert_tuples
from cloud_api.database import Lane
from cloud_api.errors import StoreUnavailable
from cloud_api.schema import cases, intake

FEW, MANY = 1, 40


def _row(seq: int, event_id: str | None = None) -> tuple[object, ...]:
    return seq, event_id or f"e-{seq} 积水\t\\N", 0, 2**60 + seq, bytes(range(256))


def _stored(api: Api) -> list[tuple[Any, ...]]:
    with api.services.store.read() as connection:
        return [tuple(row) for row in connection.execute(select(intake).order_by(intake.c.seq))]


@pytest.mark.parametrize("count", [0, FEW, MANY])
def test_rows_come_back_as_they_were(api: Api, count: int) -> None:
    """Large numbers, tabs, signs of other writings and any bytes."""
    rows = [_row(seq) for seq in range(1, count + 1)]

    with api.services.store.write(Lane.INTAKE) as connection:
        insert_tuples(connection, intake, rows)

    assert rows == _stored(api)


@pytest.mark.parametrize("count", [FEW, MANY])
def test_every_type_of_column_is_taken(api: Api, count: int) -> None:
    """Fractions, small numbers and nothing at all, too."""
    rows: list[dict[str, object]] = [
        {column.name: None for column in cases.columns}
        | {"case_id": f"c-{n}", "number": f"n-{n}", "opened_seq": n, "district": "futian"}
        | {"day": "20260601", "day_number": n, "event_type": "water.ponding", "state": "filed"}
        | {"is_open": 1, "level": "red", "lon": 114.05 + n / 7, "opened_at_us": 2**50, "version": 1}
        | {"changed_at_us": 2**50, "document": b"{}"}
        for n in range(1, count + 1)
    ]

    with api.services.store.write(Lane.CASES) as connection:
        insert_plain(connection, cases, rows)
    with api.services.store.read() as connection:
        found = connection.execute(select(cases).order_by(cases.c.opened_seq)).mappings().all()

    assert rows == [dict(row) for row in found]


@pytest.mark.parametrize("count", [FEW, MANY])
def test_what_is_known_refuses_all(api: Api, count: int) -> None:
    """One revision twice, and none of the group is stored; the transaction goes on."""
    with api.services.store.write(Lane.INTAKE) as connection:
        insert_tuples(connection, intake, [_row(1)])
    rows = [_row(seq, str(_row(1)[1]) if seq == count + 1 else None) for seq in range(2, count + 2)]

    with api.services.store.write(Lane.INTAKE) as connection:
        with pytest.raises(IntegrityError), connection.begin_nested():
            insert_tuples(connection, intake, rows)
        insert_tuples(connection, intake, [_row(9_000)])

    assert [_row(1), _row(9_000)] == _stored(api)


@pytest.mark.parametrize("count", [FEW, MANY])
def test_a_connection_that_breaks_is_told_as_any_other(api: Api, count: int) -> None:
    """Whoever posts is told to come again, and the next one gets a connection that works."""
    store = api.services.store
    if store.dialect == "sqlite":
        pytest.skip("a file has no connection that breaks")

    def post() -> None:
        with store.write(Lane.INTAKE) as connection:
            end = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            with store.read() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({end})")
            insert_tuples(connection, intake, [_row(seq) for seq in range(1, count + 1)])

    with pytest.raises(StoreUnavailable) as caught:
        post()
    with store.write(Lane.INTAKE) as connection:
        insert_tuples(connection, intake, [_row(1)])

    assert isinstance(caught.value.__cause__, OperationalError)
    assert [_row(1)] == _stored(api)
