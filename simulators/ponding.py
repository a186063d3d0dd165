"""Water in a low point 积水点: what runs in, what the drain takes, how deep it stands.

Storage balance ``dV/dt = Q_in - Q_drain`` (level-pool routing) with the rational method for the
inflow, ``Q_in = psi * i * F``, and the drain as a constant capacity while there is water. The floor
is level and the walls upright, so ``depth = V / floor area``.

Source: rational method Q = q * psi * F, GB 50014 (室外排水设计标准), design flow of storm sewers
(going back to T. J. Mulvaney 1851); level-pool routing: V. T. Chow, Applied Hydrology, 1988, §8.2.
"""

from collections.abc import Callable

from msgspec import Struct

from simulators.errors import ScenarioError

__all__ = ["DepthCurve", "LowPoint", "route"]

_MM_H_TO_M_S = 1.0 / 3_600_000.0
_M2_PER_HA = 10_000.0


class LowPoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place where water gathers."""

    catchment_ha: float
    """Area F that drains into it, hectares."""
    floor_m2: float
    """Area of its level floor, square metres."""
    drain_m3_s: float
    """What its drain and pumps take away, cubic metres a second."""
    runoff: float = 0.9
    """Runoff coefficient psi, 0..1; default 0.9. Source: GB 50014, roofs and asphalt 0.85 to 0.95."""

    def __post_init__(self) -> None:
        """Refuse a place without extent.

        Raises:
            ScenarioError: an area or a capacity that is not positive, or psi outside 0..1.
        """
        if self.catchment_ha <= 0.0 or self.floor_m2 <= 0.0 or self.drain_m3_s <= 0.0:
            raise ScenarioError(
                f"low point of {self.catchment_ha} ha, {self.floor_m2} m2, drain "
                f"{self.drain_m3_s} m3/s: expected all three above 0"
            )
        if not 0.0 <= self.runoff <= 1.0:
            raise ScenarioError(f"runoff coefficient {self.runoff}: expected 0 to 1")

    def inflow_m3_s(self, rain_mm_h: float) -> float:
        """Return what runs in at a rain intensity, m3/s (rational method)."""
        return self.runoff * rain_mm_h * _MM_H_TO_M_S * self.catchment_ha * _M2_PER_HA


class DepthCurve(Struct, frozen=True):
    """Depth of one low point over a scenario: ``depths_m[k]`` at second ``k * step_s``, then dry."""

    step_s: float
    depths_m: tuple[float, ...]

    def depth_m(self, elapsed_s: float) -> float:
        """Return the depth at a second of the scenario, metres, linear between the steps."""
        position = elapsed_s / self.step_s
        index = int(position)
        if position < 0.0 or index + 1 >= len(self.depths_m):
            return 0.0
        before, after = self.depths_m[index], self.depths_m[index + 1]
        return before + (after - before) * (position - index)

    def peak_m(self) -> float:
        """Return the greatest depth, metres."""
        return max(self.depths_m)


def route(
    point: LowPoint,
    rain_mm_h: Callable[[float], float],
    rain_end_s: float,
    *,
    step_s: float = 1.0,
) -> DepthCurve:
    """Return the depth of a low point from dry, through the rain, to dry again.

    Explicit steps of ``step_s`` with the rain at the middle of each; the volume never goes below 0.

    Args:
        point: the place.
        rain_mm_h: rain intensity at a second of the scenario.
        rain_end_s: second after which it does not rain.
        step_s: length of one step, seconds.
    """
    depths = [0.0]
    volume_m3, elapsed_s = 0.0, 0.0
    while elapsed_s < rain_end_s or volume_m3 > 0.0:
        inflow = point.inflow_m3_s(rain_mm_h(elapsed_s + step_s / 2.0))
        volume_m3 = max(0.0, volume_m3 + (inflow - point.drain_m3_s) * step_s)
        elapsed_s += step_s
        depths.append(volume_m3 / point.floor_m2)
    return DepthCurve(step_s, tuple(depths))
