"""Cases around places, read once for many questions, and kept up with what a transaction changes meanwhile."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, or_, select

from cloud_api.case_projection import Case, decode_case
from cloud_api.case_rows import cell_of
from cloud_api.schema import cases

__all__ = ["Surroundings", "read_surroundings"]

_PARAMETERS = 500
"""Values of one IN list; SQLite allowed 999 before 3.32."""


class Surroundings:
    """Open cases and those merged into others, by search cell."""

    def __init__(self) -> None:
        self._cells: dict[str, dict[str, Case]] = defaultdict(dict)
        self.pictures: dict[str, int] = {}
        """Perceptual hashes by SHA-256 of what was reported around."""

    def put(self, case: Case) -> None:
        """Note a case as it is now."""
        if case.place is not None:
            self._cells[cell_of(case.place.lon, case.place.lat)][case.case_id] = case

    def all(self) -> Iterator[Case]:
        """Return every case."""
        for cell in self._cells.values():
            yield from cell.values()

    def youngest(self, cells: Iterable[str], since_us: int, most: int) -> list[Case]:
        """Return cases of some cells that were opened since a moment, the youngest first."""
        found = [
            case
            for cell in cells
            for case in self._cells.get(cell, {}).values()
            if case.opened_at_us >= since_us
        ]
        found.sort(key=lambda case: (-case.opened_at_us, -case.opened_seq))
        return found[:most]


def read_surroundings(
    connection: Connection, cells: Iterable[str], since_us: int, most: int
) -> Surroundings:
    """Return the cases of some search cells.

    Args:
        connection: to the database.
        cells: the search cells.
        since_us: cases opened before this, microseconds since 1970 UTC, are left out.
        most: how many are read of a few hundred cells; the youngest are.
    """
    found = Surroundings()
    wanted = sorted(cells)
    for start in range(0, len(wanted), _PARAMETERS):
        query = (
            select(cases.c.document)
            .where(
                cases.c.cell.in_(wanted[start : start + _PARAMETERS]),
                cases.c.opened_at_us >= since_us,
                or_(cases.c.is_open == 1, cases.c.merged_into.is_not(None)),
            )
            .order_by(cases.c.opened_at_us.desc())
            .limit(most)
        )
        for document in connection.scalars(query):
            found.put(decode_case(document))
    return found
