"""The map of a district as inline SVG: streets, grids, sensors, cameras, and what was found and missed."""

import math
from collections import Counter
from collections.abc import Sequence
from html import escape
from itertools import pairwise

from cityloop.exam.district_plan import CameraSpot, DistrictPlan, IncidentSpot
from contracts.profiles import PROFILES
from simulators.city.street_map import GridCell, Spot, Street

__all__ = ["MAP_STYLE", "district_figure"]

_WIDTH, _MOST_HEIGHT = 920.0, 640.0

_MOST_SENSORS = 400
"""Sensors of one profile that are drawn: more would be a carpet."""

_ARROW_EVERY = 70.0
"""Points between two arrows of a street."""

_BESIDE = 5.0
"""Points between sensors that stand at one place."""

_COLOURS = {
    "water_level": "#2f7fd6",
    "rain_gauge": "#12a5a5",
    "noise": "#8a5cd1",
    "dust": "#b07d3c",
    "bin_fill": "#6b8e23",
    "manhole": "#7a7f8c",
    "fire_water": "#d9583b",
    "elevator": "#c75ba5",
    "air": "#4d9a6a",
    "street_lamp": "#d8a513",
}

MAP_STYLE = """
figure.map{margin:.6rem 0 1.2rem}figure.map svg{border:1px solid var(--line)}
svg .cell{fill:none;stroke:var(--faint);stroke-width:1;stroke-dasharray:5 5;stroke-opacity:.55}
svg .kerb{fill:none;stroke:var(--line);stroke-linejoin:round;stroke-linecap:round}
svg .road{fill:none;stroke:var(--paper);stroke-linejoin:round;stroke-linecap:round}
svg .flow{fill:#2f7fd6;fill-opacity:.75}
svg text.street,svg text.cellname,svg text.name{paint-order:stroke;stroke:var(--soft);stroke-width:3.5px;stroke-linejoin:round}
svg text.street{font-size:12px;fill:var(--ink)}svg text.cellname{font-size:11px}svg text.name{font-size:10px}
svg .found{fill:#2e9e5b;fill-opacity:.22;stroke:#2e9e5b;stroke-width:1.8}
svg .missed{fill:#d5342b;fill-opacity:.28;stroke:#d5342b;stroke-width:2.2}
svg .wrong{fill:none;stroke:#d5342b;stroke-width:2}svg .unnoticed{fill:none;stroke:#e08a00;stroke-width:2;stroke-dasharray:3 2}
svg .eye{fill:var(--ink);fill-opacity:.22;stroke:var(--ink);stroke-width:1.2}svg .scale{stroke:var(--faint);stroke-width:1.5}
figure.map figcaption{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;color:var(--faint);font-size:.82rem;margin-top:.4rem}
figure.map figcaption span{display:inline-flex;align-items:center;gap:.35rem}figure.map figcaption svg{width:16px;height:16px;background:none;border:0}
"""


class _Paper:
    """From metres to points of the picture: north is up."""

    def __init__(self, bounds: tuple[Spot, Spot]) -> None:
        (self._west, south), (east, self._north) = bounds
        width_m, height_m = east - self._west, self._north - south
        self.scale = min(_WIDTH / width_m, _MOST_HEIGHT / height_m)
        self.height = max(240.0, height_m * self.scale)
        self._left = (_WIDTH - width_m * self.scale) / 2.0
        self._top = (self.height - height_m * self.scale) / 2.0

    def __call__(self, spot: Spot) -> Spot:
        return (
            self._left + (spot[0] - self._west) * self.scale,
            self._top + (self._north - spot[1]) * self.scale,
        )

    def line(self, spots: Sequence[Spot]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self, spots))


def district_figure(plan: DistrictPlan) -> str:
    """Return the map with its legend, an HTML figure."""
    at = _Paper(plan.bounds)
    parts = [_cell(cell, at) for cell in plan.city.streets.grids]
    streets = plan.city.streets.streets
    # all kerbs before any road: crossings are open
    parts += [_lane(street, "kerb", at) for street in streets]
    parts += [_lane(street, "road", at) for street in streets]
    parts += [_flow(street, at) for street in streets if street.drains_to is not None]
    parts += [_incident(one, at) for one in sorted(plan.incidents, key=lambda one: -one.found)]
    taken: Counter[Spot] = Counter()
    for profile, sensors in plan.sensors.items():
        colour = _COLOURS.get(profile, "#777")
        for name, spot in sensors[:_MOST_SENSORS]:
            x, y = at(spot)
            parts.append(_dot(name, (x + _BESIDE * taken[spot], y), colour))
            taken[spot] += 1
    parts += [_camera(one, at) for one in plan.cameras]
    parts += [_ring("unnoticed", what, at(spot)) for what, spot in plan.unnoticed]
    parts += [_diamond(what, at(spot)) for what, spot in plan.false]
    parts += [_street_name(street, at) for street in streets]
    parts.append(_scale(at))
    return (
        f'<figure class=map><svg viewBox="0 0 {_WIDTH:.0f} {at.height:.0f}" role="img" '
        f'aria-label="map of the district">{"".join(parts)}</svg>'
        f"<figcaption>{_legend(plan)}</figcaption></figure>"
    )


def _cell(cell: GridCell, at: _Paper) -> str:
    west, north = min(x for x, _ in cell.corners), max(y for _, y in cell.corners)
    x, y = at((west, north))
    return (
        f'<polygon points="{at.line(cell.corners)}" class="cell"/>'
        f'<text x="{x + 8:.1f}" y="{y + 16:.1f}" class="cellname">{escape(cell.id)}</text>'
    )


def _lane(street: Street, part: str, at: _Paper) -> str:
    width = max(5.0, street.width_m * at.scale) + (2.5 if part == "kerb" else 0.0)
    return f'<polyline points="{at.line(street.line)}" class="{part}" stroke-width="{width:.1f}"/>'


def _flow(street: Street, at: _Paper) -> str:
    """Return arrows along a street, downhill."""
    count = max(1, int(street.length_m * at.scale / _ARROW_EVERY))
    parts = []
    for number in range(count):
        along_m = street.length_m * (number + 0.5) / count
        here, ahead = at(street.at(along_m)), at(street.at(along_m + 4.0))
        turn = math.degrees(math.atan2(ahead[1] - here[1], ahead[0] - here[0]))
        parts.append(
            f'<path d="M-3.5,-3L4.2,0L-3.5,3z" class="flow" '
            f'transform="translate({here[0]:.1f},{here[1]:.1f}) rotate({turn:.0f})"/>'
        )
    return "".join(parts)


def _street_name(street: Street, at: _Paper) -> str:
    """Return the street's names along its longest part, never upside down."""
    a, b = max(pairwise(street.line), key=lambda part: math.dist(*part))
    (left, top), (right, bottom) = at(a), at(b)
    turn = math.degrees(math.atan2(bottom - top, right - left))
    turn = turn - 180.0 if turn > 90.0 else turn + 180.0 if turn <= -90.0 else turn
    off = max(5.0, street.width_m * at.scale) / 2.0 + 5.0
    return (
        f'<text class="street" text-anchor="middle" dy="{-off:.1f}" transform="translate('
        f'{(left + right) / 2:.1f},{(top + bottom) / 2:.1f}) rotate({turn:.1f})">'
        f"{escape(street.names.zh)} {escape(street.names.en)}</text>"
    )


def _incident(one: IncidentSpot, at: _Paper) -> str:
    x, y = at(one.spot)
    radius = 7.0 + 2.2 * math.sqrt(one.found + one.missed)
    told = f"{one.found} of {one.found + one.missed} found: {', '.join(one.what)}"
    mark = "missed" if one.missed else "found"
    cross = (
        f'<path d="M{x - 5:.1f},{y - 5:.1f}l10,10m0,-10l-10,10" class="wrong"/>'
        if one.missed
        else ""
    )
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" class="{mark}">'
        f"<title>{escape(told)}</title></circle>{cross}"
    )


def _dot(name: str, spot: Spot, colour: str) -> str:
    return (
        f'<circle cx="{spot[0]:.1f}" cy="{spot[1]:.1f}" r="3.2" fill="{colour}">'
        f"<title>{escape(name)}</title></circle>"
    )


def _camera(one: CameraSpot, at: _Paper) -> str:
    x, y = at(one.spot)
    return (
        f'<g transform="translate({x:.1f},{y:.1f}) rotate({one.heading_deg:.0f})">'
        '<path d="M0,0L-13,-26A29,29 0 0 1 13,-26z" class="eye"/><circle r="3.4" fill="var(--ink)"/></g>'
        f'<text x="{x:.1f}" y="{y + 15:.1f}" text-anchor="middle" class="name">{escape(one.name)}</text>'
    )


def _ring(mark: str, what: str, spot: Spot) -> str:
    return (
        f'<circle cx="{spot[0]:.1f}" cy="{spot[1]:.1f}" r="7.5" class="{mark}">'
        f"<title>{escape(what)}</title></circle>"
    )


def _diamond(what: str, spot: Spot) -> str:
    x, y = spot
    return (
        f'<path d="M{x:.1f},{y - 8:.1f}l8,8l-8,8l-8,-8z" class="wrong">'
        f"<title>{escape(what)}</title></path>"
    )


def _scale(at: _Paper) -> str:
    """Return a bar of a round length, and which way is north."""
    length_m = next(m for m in (1000.0, 500.0, 200.0, 100.0, 50.0, 20.0) if m * at.scale < 160.0)
    width, y = length_m * at.scale, at.height - 14.0
    right = _WIDTH - 16.0
    return (
        f'<path d="M{right - width:.1f},{y - 4:.1f}v4h{width:.1f}v-4" fill="none" class="scale"/>'
        f'<text x="{right - width / 2:.1f}" y="{y - 5:.1f}" text-anchor="middle">{length_m:g} m</text>'
        f'<path d="M{right - 6:.1f},32l6,-18l6,18l-6,-5z" fill="var(--faint)"/>'
        f'<text x="{right:.1f}" y="45" text-anchor="middle">N</text>'
    )


def _legend(plan: DistrictPlan) -> str:
    entries = [
        (f'<circle cx="8" cy="8" r="4" fill="{_COLOURS.get(name, "#777")}"/>', _kind(name, sensors))
        for name, sensors in plan.sensors.items()
    ]
    if plan.cameras:
        entries.append(('<path d="M8,15L2,3A12,12 0 0 1 14,3z" class="eye"/>', "camera 摄像机"))
    if any(one.found for one in plan.incidents):
        entries.append(('<circle cx="8" cy="8" r="6" class="found"/>', "incidents, all found"))
    if any(one.missed for one in plan.incidents):
        entries.append(('<circle cx="8" cy="8" r="6" class="missed"/>', "one missed at least"))
    if plan.false:
        entries.append(('<path d="M8,1l7,7l-7,7l-7,-7z" class="wrong"/>', "false alarm"))
    if plan.unnoticed:
        entries.append(
            ('<circle cx="8" cy="8" r="6" class="unnoticed"/>', "broken, nobody said so")
        )
    if any(street.drains_to for street in plan.city.streets.streets):
        entries.append(('<path d="M3,4L13,8L3,12z" class="flow"/>', "water runs this way"))
    if plan.city.streets.grids:
        entries.append(('<rect x="2" y="2" width="12" height="12" class="cell"/>', "grid 单元网格"))
    return "".join(
        f'<span><svg viewBox="0 0 16 16">{mark}</svg>{escape(text)}</span>'
        for mark, text in entries
    )


def _kind(profile: str, sensors: Sequence[tuple[str, Spot]]) -> str:
    count = len(sensors)
    shown = f"{_MOST_SENSORS} of {count}" if count > _MOST_SENSORS else str(count)
    return f"{PROFILES[profile].name_zh} {profile.replace('_', ' ')} ({shown})"
