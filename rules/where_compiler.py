"""``where``: what a sample must be beside the conditions of the ladder, in space and otherwise."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from contracts.envelope import Place
from contracts.geometry import distance_m
from contracts.profiles import ProfileField
from rules.area_compiler import AreaTables, index_areas, read_point, read_polygons
from rules.areas import AreaIndex, line_distance_m
from rules.declaration import RuleDeclaration
from rules.distances import parse_distance
from rules.expression import Node
from rules.expression.tree import Binary, Field
from rules.ladder_compiler import compile_condition
from rules.nearby import Nearby
from rules.places import PlaceTable
from rules.rule import Condition
from rules.spatial import SpatialTest
from rules.vocabulary import FieldTable, Stream
from rules.watch_compiler import listed
from rules.where_declaration import InsideDeclaration, NearDeclaration, WhereDeclaration

__all__ = ["Where", "compile_spatial", "compile_where"]

Fail = Callable[[Sequence[str | int], str], Exception]

_SPEED: Final = "speed_m_s"
_ANCHORS: Final = ("foot",)
_AREA: Final = "area"


class Where(NamedTuple):
    """The spatial part of ``where``.

    Attributes:
        tests: flags made of a sample's place.
        filters: key names with the values they may have.
        fields: the flags as fields.
    """

    tests: tuple[SpatialTest, ...] = ()
    filters: tuple[tuple[str, frozenset[str]], ...] = ()
    fields: FieldTable = {}


def compile_spatial(
    declared: RuleDeclaration,
    stream: Stream,
    areas: AreaTables,
    places: Mapping[str, PlaceTable],
    fail: Fail,
) -> Where:
    """Return the spatial part of a rule's ``where``; nothing of it where there is none.

    Args:
        declared: the rule as written.
        stream: what it watches.
        areas: tables of areas.
        places: tables of places.
        fail: makes the error for a path below the rule.

    Raises:
        Exception: what ``fail`` makes.
    """
    where = declared.where
    if not isinstance(where, WhereDeclaration):
        return Where()
    compiler = _WhereCompiler(areas, places, fail)
    tests: list[SpatialTest] = []
    filters: tuple[tuple[str, frozenset[str]], ...] = ()
    if where.inside is not None:
        filters = compiler.filters(where.inside, declared.key, stream)
        tests += compiler.inside(where.inside, filters=bool(filters))
    if where.overlap is not None:
        index, text = compiler.area(("overlap",), where.overlap.areas, where.overlap.polygon)
        share = where.overlap.share
        shown = f"overlap {text} at least {share:g}"
        tests.append(SpatialTest("overlap", shown, lambda place: index.share(place) >= share))
    if where.near is not None:
        tests.append(compiler.near(where.near))
    if tests and declared.signals:
        raise fail(("where",), "rules with 'signals' are about places already; use 'near' there")
    fields = {test.name: ProfileField(name=test.name, kind="flag") for test in tests}
    return Where(tuple(tests), filters, fields)


def compile_where(
    declared: RuleDeclaration, spatial: Where, fields: FieldTable, fail: Fail
) -> Condition | None:
    """Return what ``where`` adds to every condition; None: nothing.

    Args:
        declared: the rule as written.
        spatial: its spatial part.
        fields: what it may name.
        fail: makes the error for a path below the rule.

    Raises:
        Exception: what ``fail`` makes.
    """
    where = declared.where
    if where is None:
        return None
    if not isinstance(where, WhereDeclaration):
        return compile_condition(("where",), where, fields, fail)
    parts = [Condition(Field(start=0, end=0, name=test.name), test.text) for test in spatial.tests]
    if where.speed is not None:
        if _SPEED not in fields:
            raise fail(("where", "speed"), "what is watched has no speed")
        text = f"{_SPEED} {where.speed}"
        parts.append(compile_condition(("where", "speed"), text, fields, fail))
    if where.when is not None:
        parts.append(compile_condition(("where", "when"), where.when, fields, fail))
    if not parts:
        if spatial.filters:
            return None
        raise fail(("where",), "expected inside, overlap, near, speed or when")
    whole = parts[0]
    for part in parts[1:]:
        node: Node = Binary(start=0, end=0, operator="&&", left=whole.node, right=part.node)
        whole = Condition(node, f"{whole.text} && {part.text}")
    return whole


class _WhereCompiler:
    def __init__(self, areas: AreaTables, places: Mapping[str, PlaceTable], fail: Fail) -> None:
        self._areas = areas
        self._places = places
        self._fail_below = fail

    def _fail(self, where: Sequence[str | int], message: str) -> Exception:
        return self._fail_below(("where", *where), message)

    def filters(
        self, declared: InsideDeclaration, key: Sequence[str], stream: Stream
    ) -> tuple[tuple[str, frozenset[str]], ...]:
        """Return the zones of the box that count: samples of others are not for the rule."""
        found: list[tuple[str, frozenset[str]]] = []
        for name, wanted in (("zone", declared.zone), ("zone_kind", declared.zone_kind)):
            values = listed(wanted)
            if not values:
                continue
            if name not in stream.keys:
                raise self._fail(("inside", name), f"what is watched has no {name}")
            if "zone" not in key:
                raise self._fail(
                    ("inside", name),
                    "expected 'zone' in the rule's key: one thing may be in several zones",
                )
            found.append((name, frozenset(values)))
        return tuple(found)

    def inside(self, declared: InsideDeclaration, *, filters: bool) -> list[SpatialTest]:
        if declared.point not in _ANCHORS:
            raise self._fail(
                ("inside", "point"),
                f"{declared.point[:40]!r}: boxes report the foot of a thing; expected foot",
            )
        if declared.areas is None and declared.polygon is None and filters:
            return []
        index, text = self.area(("inside",), declared.areas, declared.polygon)
        return [SpatialTest("inside", f"inside {text}", index.holds)]

    def area(
        self, here: tuple[str, ...], name: str | None, polygon: list[object] | None
    ) -> tuple[AreaIndex, str]:
        """Return the areas that a part names or holds, and what to call them."""
        if (name is None) == (polygon is None):
            raise self._fail(here, "expected exactly one of 'areas' and 'polygon'")
        if polygon is not None:
            where = (*here, "polygon")
            polygons = read_polygons(where, polygon, self._fail)
            return index_areas(where, {_AREA: polygons}, self._fail), "polygon"
        assert name is not None
        if name not in self._areas:
            known = ", ".join(self._areas.names) or "none"
            raise self._fail(
                (*here, "areas"), f"table {name[:40]!r} is unknown; 'areas' here has {known}"
            )
        return self._areas.index(name), name

    def near(self, declared: NearDeclaration) -> SpatialTest:
        given = [part for part in (declared.point, declared.line, declared.of) if part is not None]
        if len(given) != 1:
            raise self._fail(("near",), "expected exactly one of 'point', 'line' and 'of'")
        try:
            within_m = parse_distance(declared.within)
        except ValueError as failure:
            raise self._fail(("near", "within"), str(failure)) from failure
        text = f"within {declared.within} of"
        if declared.point is not None:
            point = read_point(("near", "point"), declared.point, self._fail)
            return SpatialTest(
                "near",
                f"{text} a point",
                lambda place: distance_m((place.lon, place.lat), point) <= within_m,
            )
        if declared.line is not None:
            where = ("near", "line")
            line = [read_point(where, corner, self._fail) for corner in declared.line]
            if len(line) < 2:
                raise self._fail(where, "expected a line of at least 2 corners")
            return SpatialTest(
                "near",
                f"{text} a line",
                lambda place: line_distance_m((place.lon, place.lat), line) <= within_m,
            )
        return self._near_table(declared.of or "", within_m, text)

    def _near_table(self, name: str, within_m: float, text: str) -> SpatialTest:
        if name in self._areas:
            index = self._areas.index(name)
            return SpatialTest(
                "near", f"{text} {name}", lambda place: index.reaches(place, within_m)
            )
        table = self._places.get(name)
        if table is None:
            known = ", ".join((*self._places, *self._areas.names)) or "none"
            raise self._fail(
                ("near", "of"),
                f"table {name[:40]!r} is unknown; 'places' and 'areas' here have {known}",
            )
        nearby = Nearby(
            (
                (key, row.place.lon, row.place.lat)
                for key, row in table.rows.items()
                if row.place is not None
            ),
            within_m,
        )

        def holds(place: Place) -> bool:
            return bool(nearby.find(place.lon, place.lat))

        return SpatialTest("near", f"{text} {name}", holds)
