"""Quality flags beside the values in telemetry: a text series per field, only where not all is well."""

from collections.abc import Mapping, Sequence

from contracts.quality import QualityFlag
from gateway.ports import Point

__all__ = ["ALL_WELL", "FLAG_SUFFIX", "box_flags", "flag_points"]

FLAG_SUFFIX = "#flag"
"""``depth_m#flag`` holds what quality gates said of ``depth_m`` at that moment."""

ALL_WELL = "pass"
"""In place of a flag that was given before a late reading showed that all was well."""


def flag_points(subject: str, at_us: int, flags: Sequence[str]) -> list[Point]:
    """Return points for flags like ``fail:spike:depth_m``: one a field, as ``fail:spike``.

    Several flags of one field are joined by a comma.
    """
    found: dict[str, list[str]] = {}
    for flag in flags:
        said, _, field = flag.rpartition(":")
        found.setdefault(field, []).append(said)
    return [
        Point(subject, f"{field}{FLAG_SUFFIX}", at_us, ",".join(said))
        for field, said in found.items()
    ]


def box_flags(flags: Mapping[str, QualityFlag]) -> tuple[str, ...]:
    """Return what a box's own gate said of the fields of a reading, as flags: ``fail:box:depth_m``."""
    return tuple(f"{flag.name.lower()}:box:{field}" for field, flag in flags.items())
