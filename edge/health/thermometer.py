"""How hot the box is, as the kernel's thermal zones tell it."""

from pathlib import Path

__all__ = ["THERMAL_ZONES", "hottest_c"]

THERMAL_ZONES = Path("/sys/class/thermal")
"""Source: Linux, Documentation/driver-api/thermal/sysfs-api.rst: ``temp`` in thousandths of a degree."""

_PLAUSIBLE_C = (-40.0, 150.0)
"""Zones that nobody wired up tell 0 K or thousands of degrees."""


def hottest_c(root: Path = THERMAL_ZONES) -> float | None:
    """Return the temperature of the hottest zone in degrees Celsius; None where none tells.

    Args:
        root: where the zones are.
    """
    found: list[float] = []
    for zone in root.glob("thermal_zone*/temp"):
        try:
            degrees = int(zone.read_text(encoding="ascii")) / 1000.0
        except (OSError, ValueError):
            # a zone that is switched off answers with an error; the others go on
            continue
        if _PLAUSIBLE_C[0] < degrees < _PLAUSIBLE_C[1]:
            found.append(degrees)
    return max(found, default=None)
