"""Where the water of a scenario's streets goes: through streets below them to low points."""

from collections.abc import Sequence

from simulators.city.city import SensorGroup
from simulators.city.run_off import Tributary
from simulators.city.spans import ErrorFactory, Path
from simulators.city.street_map import StreetMap

__all__ = ["plan_run_off"]


def plan_run_off(
    streets: StreetMap, groups: Sequence[SensorGroup], error: ErrorFactory
) -> dict[str, tuple[Tributary, ...]]:
    """Return by low point, named by its water-level sensor, which streets drain into it.

    Raises:
        Exception: what ``error`` makes: a street drains to what is neither a street nor a low point.
    """
    found: dict[str, list[Tributary]] = {}
    for number, street in enumerate(streets.streets):
        delay_s, last, above = 0.0, number, street
        while above.drains_to is not None and (below := streets.street(above.drains_to)):
            along_m, _ = below.nearest(above.line[-1])
            delay_s += (below.length_m - along_m) / below.water_m_s
            last, above = streets.streets.index(below), below
        if above.drains_to is not None:
            path = ("map", "streets", last, "drains_to")
            low_point = _low_point(above.drains_to, streets, groups, path, error)
            found.setdefault(low_point, []).append(
                Tributary(
                    street=street.id,
                    area_m2=street.area_m2,
                    spread_s=street.length_m / street.water_m_s,
                    delay_s=delay_s,
                    gullies_mm_h=street.gullies_mm_h,
                )
            )
    return {name: tuple(streets) for name, streets in found.items()}


def _low_point(
    name: str, streets: StreetMap, groups: Sequence[SensorGroup], path: Path, error: ErrorFactory
) -> str:
    """Return the water-level sensor that a text names: itself, or the only one of its group."""
    levels = [group for group in groups if group.profile.name == "water_level"]
    for group in levels:
        if name in group.subjects:
            return name
        if name == group.id and group.declaration.count == 1:
            return group.subjects[0]
        if name == group.id:
            raise error(
                path,
                f"group {name!r} has {group.declaration.count} low points; name one, like {group.subjects[0]}",
            )
    known = ", ".join([street.id for street in streets.streets] + [group.id for group in levels])
    raise error(
        path,
        f"{name[:60]!r} is neither a street nor the water-level sensor of a low point; there is {known}",
    )
