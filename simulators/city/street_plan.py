"""``map.streets`` and ``map.grids`` checked and made ready, and places on streets."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from simulators.city.declaration import MapDeclaration
from simulators.city.spans import ErrorFactory, Path
from simulators.city.street_map import GridCell, Spot, Street, StreetMap, crosses_itself

__all__ = ["plan_streets", "spot_on"]

_JOINT_M = 50.0
"""How far from a street's edge another that drains to it may end, metres."""


def plan_streets(where: MapDeclaration, error: ErrorFactory) -> StreetMap:
    """Return the streets and grid cells of a map.

    Raises:
        Exception: what ``error`` makes: an id used twice, a line of one point or one that crosses itself, a
            place off the map, a street that drains in a ring or to one that is far off.
    """
    streets: dict[str, Street] = {}
    for number, one in enumerate(where.streets):
        path = ("map", "streets", number)
        if one.id in streets:
            raise error((*path, "id"), f"street {one.id!r} is declared twice; rename one")
        line = tuple(one.line)
        _check_line(line, (*path, "line"), where, error)
        streets[one.id] = Street(
            id=one.id,
            names=one.names,
            line=line,
            width_m=one.width_m,
            drains_to=one.drains_to,
            slope=one.slope,
            gullies_mm_h=one.gullies_mm_h,
        )
    _check_rings(streets, error)
    _check_joints(streets, error)
    return StreetMap(streets=tuple(streets.values()), grids=_grids(where, error))


def _check_line(
    line: Sequence[Spot], path: Path, where: MapDeclaration, error: ErrorFactory
) -> None:
    if len(line) < 2:
        raise error(
            path,
            f"a centre line of {len(line)} points; expected at least two, from its upper to its lower end",
        )
    _check_inside(line, path, where, error)
    if any(a == b for a, b in pairwise(line)):
        raise error(path, "a point stands twice, one after the other; leave one out")
    if crosses_itself(line, closed=False):
        raise error(
            path, "the centre line crosses itself; put its points in order, or make two streets"
        )


def _check_inside(
    spots: Sequence[Spot], path: Path, where: MapDeclaration, error: ErrorFactory
) -> None:
    half_m = where.extent_m / 2.0
    for number, spot in enumerate(spots):
        if max(map(abs, spot)) > half_m:
            raise error(
                (*path, number),
                f"{list(spot)} is off the map, which ends at {half_m:g} m; move it or enlarge map.extent_m",
            )


def _grids(where: MapDeclaration, error: ErrorFactory) -> tuple[GridCell, ...]:
    found: dict[str, GridCell] = {}
    for number, one in enumerate(where.grids):
        path = ("map", "grids", number)
        if one.id in found:
            raise error((*path, "id"), f"grid {one.id!r} is declared twice; rename one")
        corners = tuple(one.corners)
        if len(corners) < 3:
            raise error((*path, "corners"), f"{len(corners)} corners; expected at least three")
        _check_inside(corners, (*path, "corners"), where, error)
        if any(a == b for a, b in pairwise((*corners, corners[0]))):
            raise error(
                (*path, "corners"),
                "a corner stands twice, one after the other; the last is joined to the first by itself",
            )
        if crosses_itself(corners, closed=True):
            raise error((*path, "corners"), "the polygon crosses itself; put its corners in order")
        found[one.id] = GridCell(id=one.id, corners=corners)
    return tuple(found.values())


def _check_rings(streets: Mapping[str, Street], error: ErrorFactory) -> None:
    """Refuse streets whose water would run in a ring; the error names the whole ring."""
    for number, street in enumerate(streets.values()):
        ring, below = [street.id], street.drains_to
        while below is not None and below in streets and below not in ring:
            ring.append(below)
            below = streets[below].drains_to
        if below == street.id:
            raise error(
                ("map", "streets", number, "drains_to"),
                f"a cycle in streets: {' -> '.join([*ring, street.id])}; water runs downhill and not in a "
                "ring: let one of them drain to a low point, or leave its drains_to out",
            )


def _check_joints(streets: Mapping[str, Street], error: ErrorFactory) -> None:
    for number, street in enumerate(streets.values()):
        below = streets.get(street.drains_to or "")
        if below is None:
            continue
        _, away_m = below.nearest(street.line[-1])
        if away_m > below.width_m / 2.0 + _JOINT_M:
            raise error(
                ("map", "streets", number, "drains_to"),
                f"street {street.id!r} ends {away_m:.0f} m away from {below.id!r}; expected its line's last "
                "point, the lower end, to lie on the street it drains to: turn the line round or prolong it",
            )


def spot_on(
    streets: StreetMap, street: str, along_m: float, path: Path, error: ErrorFactory
) -> Spot:
    """Return the place so far along a street.

    Raises:
        Exception: what ``error`` makes: no such street, or it is shorter.
    """
    found = streets.street(street)
    if found is None:
        known = ", ".join(one.id for one in streets.streets) or "none in map.streets"
        raise error((*path, "street"), f"no street {street[:60]!r}; there is {known}")
    if not math.isfinite(along_m) or along_m > found.length_m:
        raise error(
            path,
            f"{along_m:g} m along {street}: the street ends at {found.length_m:.0f} m; choose less",
        )
    return found.at(along_m)
