"""Very many open cases in a database, as copies of one that is there already."""

from random import Random
from typing import Any

from sqlalchemy import insert, select

from cloud_api.bootstrap import open_database
from cloud_api.config import ApiConfig
from cloud_api.database import Lane
from cloud_api.schema import cases

__all__ = ["copy_case"]

_LAMPS = ("green",) * 8 + ("yellow", "red")
_SPREAD = 0.15
"""Standard deviation of the places, degrees: a city of some thirty kilometres."""


def copy_case(config: ApiConfig, count: int, centre: tuple[float, float]) -> None:
    """Write copies of one case straight into the table; the logs know nothing of them.

    Args:
        config: whose database; it holds a case.
        count: how many copies.
        centre: longitude and latitude around which they lie.
    """
    store = open_database(config)
    rng = Random(1)
    lon, lat = centre
    with store.write(Lane.CASES) as connection:
        first = dict(connection.execute(select(cases).limit(1)).one()._mapping)
        rows: list[dict[str, Any]] = []
        for number in range(2, count + 2):
            case_id = f"{number:036x}"
            document = first["document"].replace(first["case_id"].encode(), case_id.encode())
            rows.append(
                first
                | {
                    "case_id": case_id,
                    "number": f"copy-{number:06}",
                    "opened_seq": first["opened_seq"] + number,
                    "day_number": number,
                    "lon": lon + rng.gauss(0.0, _SPREAD),
                    "lat": lat + rng.gauss(0.0, _SPREAD),
                    "lamp": rng.choice(_LAMPS),
                    "document": document,
                }
            )
        connection.execute(insert(cases), rows)
    store.dispose()
