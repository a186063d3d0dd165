"""Cases around places, read once for many questions, and kept up with what a transaction changes meanwhile."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, and_, or_, select

from cloud_api.case_projection import Case, decode_case
from cloud_api.case_rows import cell_of
from cloud_api.schema import cases
from contracts.envelope import Discovery
from contracts.event import EventPhase

__all__ = ["Surroundings", "read_surroundings", "watched_until_us"]

_PARAMETERS = 500
"""Values of one IN list; SQLite allowed 999 before 3.32."""

_WATCHED_US = 48 * 3_600_000_000
"""How long before all others a case may have been opened that a sensor still watches, microseconds."""

_NO_END_US = 2**63 - 1


def watched_until_us(case: Case) -> int | None:
    """Return until when a sensor's case is known to have gone on, microseconds since 1970; None for people's.

    A case whose event is open goes on now; of one whose events have ended the last that was noted is its end.
    """
    if case.discovery is not Discovery.AUTOMATIC:
        return None
    if any(link.phase is not EventPhase.END for link in case.events):
        return _NO_END_US
    return case.changed_at_us


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
        """Return cases of some cells that were opened, or watched by a sensor, since a moment, the youngest first."""
        found = [
            case
            for cell in cells
            for case in self._cells.get(cell, {}).values()
            if (watched_until_us(case) or case.opened_at_us) >= since_us
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
        since_us: cases opened before this, microseconds since 1970 UTC, are left out, but for those of the last two
            days that have an attach key, as sensors' have, and are open.
        most: how many are read of a few hundred cells; the youngest are.
    """
    found = Surroundings()
    wanted = sorted(cells)
    for start in range(0, len(wanted), _PARAMETERS):
        query = (
            select(cases.c.document)
            .where(
                cases.c.cell.in_(wanted[start : start + _PARAMETERS]),
                cases.c.opened_at_us >= since_us - _WATCHED_US,
                or_(cases.c.opened_at_us >= since_us, cases.c.attach_key.is_not(None)),
                or_(
                    cases.c.is_open == 1,
                    and_(cases.c.merged_into.is_not(None), cases.c.opened_at_us >= since_us),
                ),
            )
            .order_by(cases.c.opened_at_us.desc())
            .limit(most)
        )
        for document in connection.scalars(query):
            found.put(decode_case(document))
    return found
