"""Limits as data: which clock of which case gets how long, and what happens on the way."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from cloud_api.deadlines.calendar import Hours, Limit, WorkCalendar, parse_limit
from cloud_api.deadlines.clocks import Rung
from cloud_api.errors import ProfileError
from contracts.control import Mode
from contracts.levels import Level

__all__ = ["TIERS", "DeadlinePolicy", "LimitRow", "PolicySpec", "Timed"]

TIERS = ("community", "street", "district", "city")
"""社区, 街道, 区, 市: whose supervision 督办 a late case becomes, from below. Source: requirements EVT-10."""

OVERALL = ("response", "resolve")
"""``response`` 响应: until somebody says that he has seen it or begins; ``resolve`` 办结: until it is handled."""


class LimitRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One limit; the last line that fits holds."""

    clock: str
    """``response``, ``resolve`` or a step of the flows. No default."""
    limit: str
    """Amount and unit, like ``30 minute`` or ``2 work_day``. No default."""
    source: str
    """Where the number comes from. No default."""
    event_type: str = "*"
    """Event type, where ``*`` stands for any characters. Default every type."""
    class_code: str = "*"
    """Code of the class table, ``*`` as above. Default every class."""
    levels: tuple[Level, ...] = tuple(Level)
    """Levels that it holds for. Default all."""
    modes: tuple[Mode, ...] = tuple(Mode)
    """平 normal, 急 emergency. Default both."""


class PolicySpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of limits."""

    policy: str
    """Name and version, written into every clock. No default."""
    limits: tuple[LimitRow, ...]
    """Limits; the last that fits holds. No default."""
    ladder: tuple[Rung, ...]
    """What happens at which share of any limit, in order. No default."""
    hours: Hours = Hours()
    """When people work. Default 08:30-12:00 and 14:00-18:30, Monday to Friday."""


class Timed(NamedTuple):
    """What a limit is looked up for."""

    event_type: str
    class_code: str | None
    level: Level
    mode: Mode


class DeadlinePolicy:
    """Limits that have been checked, with the calendar that they are counted in.

    Args:
        spec: the file.
        holidays: from :func:`~cloud_api.deadlines.calendar.day_kinds`.
        utc_offset_minutes: minutes east of UTC of local time.
        steps: ids of the steps of the flows.

    Raises:
        ProfileError: a limit names no clock or is none, or the ladder does not rise.
    """

    def __init__(
        self,
        spec: PolicySpec,
        holidays: Mapping[int, bool],
        utc_offset_minutes: int,
        steps: frozenset[str],
    ) -> None:
        self.name = spec.policy
        self.ladder = spec.ladder
        self.utc_offset_minutes = utc_offset_minutes
        self.calendar = WorkCalendar(spec.hours, holidays, utc_offset_minutes)
        known = {*OVERALL, *steps}
        rows: list[tuple[LimitRow, Limit]] = []
        for index, row in enumerate(spec.limits):
            if row.clock not in known:
                raise ProfileError(
                    f"{spec.policy}: limits[{index}].clock {row.clock!r}; expected one of "
                    f"{', '.join(sorted(known))}"
                )
            rows.append((row, parse_limit(row.limit, self.calendar)))
        self._rows = tuple(rows)
        _check_ladder(spec)
        self._find = lru_cache(maxsize=8192)(self._last_that_fits)

    def limit(self, clock: str, timed: Timed) -> tuple[Limit, str] | None:
        """Return the limit of a clock and where it stands; None where there is no such limit."""
        return self._find(clock, timed)

    def _last_that_fits(self, clock: str, timed: Timed) -> tuple[Limit, str] | None:
        for index in range(len(self._rows) - 1, -1, -1):
            row, limit = self._rows[index]
            if (
                row.clock == clock
                and timed.level in row.levels
                and timed.mode in row.modes
                and fnmatchcase(timed.event_type, row.event_type)
                and fnmatchcase(timed.class_code or "", row.class_code)
            ):
                return limit, f"{self.name}#{index}"
        return None


def _check_ladder(spec: PolicySpec) -> None:
    before = 0.0
    for index, rung in enumerate(spec.ladder):
        place = f"{spec.policy}: ladder[{index}]"
        if rung.share <= before:
            raise ProfileError(f"{place}.share {rung.share:g}; expected more than {before:g}")
        if rung.tier is not None and rung.tier not in TIERS:
            raise ProfileError(f"{place}.tier {rung.tier!r}; expected one of {', '.join(TIERS)}")
        if rung.notice not in {"remind", "overdue", "escalate"}:
            raise ProfileError(
                f"{place}.notice {rung.notice!r}; expected remind, overdue or escalate"
            )
        before = rung.share
