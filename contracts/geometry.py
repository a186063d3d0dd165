"""Plane and near-plane geometry: sides and crossings of lines, polygons, metres around a point.

Pure functions over plain numbers, so that edge, rules and simulators agree on what "inside" and
"forward" mean. Image coordinates have y downwards; every function that speaks of left and right says so.
"""

import math
from collections.abc import Sequence

__all__ = [
    "EARTH_RADIUS_M",
    "Point",
    "crossing_direction",
    "distance_m",
    "from_local_m",
    "point_in_polygon",
    "polygon_area_m2",
    "side_of_line",
    "to_local_m",
]

Point = tuple[float, float]
"""x, y; for places lon, lat in degrees of WGS 84."""

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius R1. Source: Moritz, Geodetic Reference System 1980, (2a + b) / 3."""


def side_of_line(start: Point, end: Point, point: Point) -> int:
    """Return on which side of the directed line ``start -> end`` a point of a picture lies.

    Seen in image coordinates (y downwards): -1 left of the direction of travel, 1 right of it, 0 on the
    line. In coordinates with y upwards the signs are the other way round.
    """
    cross = (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (
        point[0] - start[0]
    )
    return (cross > 0.0) - (cross < 0.0)


def crossing_direction(start: Point, end: Point, before: Point, after: Point) -> str | None:
    """Return ``forward``, ``backward`` or None for a step across a directed line segment.

    ``forward`` is from the left of ``start -> end`` to its right, in image coordinates (y downwards),
    as :class:`contracts.counts.LineCount` defines it. A point on the line counts as right of it, so
    that a path which rests on the line is counted once.
    """
    was_left = side_of_line(start, end, before) < 0
    is_left = side_of_line(start, end, after) < 0
    if was_left == is_left:
        return None
    if side_of_line(before, after, start) * side_of_line(before, after, end) > 0:
        return None
    return "forward" if was_left else "backward"


def point_in_polygon(point: Point, polygon: Sequence[Point]) -> bool:
    """Return whether a point lies inside a polygon, by the even-odd rule; the edge itself may be either.

    Args:
        point: x, y.
        polygon: at least three corners in order; the last is joined to the first.

    Raises:
        ValueError: fewer than three corners.

    Source: ray casting, W. R. Franklin, PNPOLY.
    """
    if len(polygon) < 3:
        msg = f"polygon of {len(polygon)} corners: expected at least 3"
        raise ValueError(msg)
    x, y = point
    inside = False
    last_x, last_y = polygon[-1]
    for corner_x, corner_y in polygon:
        if (corner_y > y) != (last_y > y):
            at_x = (last_x - corner_x) * (y - corner_y) / (last_y - corner_y) + corner_x
            inside ^= x < at_x
        last_x, last_y = corner_x, corner_y
    return inside


def to_local_m(origin: Point, place: Point) -> Point:
    """Return metres east and north of an origin, both given as lon, lat in degrees.

    Equirectangular projection at the origin's latitude: within 5 km the error is below 0.1 %.
    Source: J. P. Snyder, Map Projections: A Working Manual, USGS PP 1395, 1987, ch. 12.
    """
    per_degree = math.radians(1.0) * EARTH_RADIUS_M
    east = (place[0] - origin[0]) * per_degree * math.cos(math.radians(origin[1]))
    return east, (place[1] - origin[1]) * per_degree


def from_local_m(origin: Point, offset_m: Point) -> Point:
    """Return the lon, lat that lies ``offset_m`` (metres east, north) from an origin."""
    per_degree = math.radians(1.0) * EARTH_RADIUS_M
    lon = origin[0] + offset_m[0] / (per_degree * math.cos(math.radians(origin[1])))
    return lon, origin[1] + offset_m[1] / per_degree


def distance_m(one: Point, other: Point) -> float:
    """Return the great-circle distance of two places (lon, lat in degrees) in metres.

    Source: haversine formula, R. W. Sinnott, Sky and Telescope 68, 1984.
    """
    lon1, lat1, lon2, lat2 = map(math.radians, (*one, *other))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2.0 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def polygon_area_m2(polygon: Sequence[Point]) -> float:
    """Return the area of a polygon of places (lon, lat in degrees) in square metres.

    Shoelace formula in the local projection around the first corner; meant for zones below a few
    kilometres. The direction of the corners does not matter.

    Raises:
        ValueError: fewer than three corners.
    """
    if len(polygon) < 3:
        msg = f"polygon of {len(polygon)} corners: expected at least 3"
        raise ValueError(msg)
    corners = [to_local_m(polygon[0], place) for place in polygon]
    doubled = 0.0
    last_x, last_y = corners[-1]
    for x, y in corners:
        doubled += last_x * y - x * last_y
        last_x, last_y = x, y
    return abs(doubled) / 2.0
