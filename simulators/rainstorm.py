"""Rain intensity over one storm: the Chicago hyetograph 芝加哥雨型 over a design storm formula.

The mean intensity over ``t`` minutes with a return period of ``P`` years is
``i = A (1 + C lg P) / (t + b) ** n``; the Chicago pattern bends it so that every window around
the peak carries exactly that mean.

Source: C. J. Keifer, H. H. Chu, "Synthetic storm pattern for drainage design", ASCE Journal of the
Hydraulics Division 83(4), 1957; the same pattern is the one GB 50014 (室外排水设计标准) names for
short storms. Default parameters: Beijing storm formula q = 2001 (1 + 0.811 lg P) / (t + 8) ** 0.711
in L/(s ha), that is A = 2001 / 166.7 = 12.004 mm/min.
"""

import math

from msgspec import Struct

from simulators.errors import ScenarioError

__all__ = ["Rainstorm"]

_MINUTES_PER_HOUR = 60.0


class Rainstorm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One storm. Times are seconds of the scenario, intensities mm/h."""

    start_s: float = 10.0
    """Seconds from the scenario's start to the first rain; default 10."""
    duration_s: float = 260.0
    """Seconds that it rains; default 260."""
    peak_ratio: float = 0.4
    """Share of the duration before the peak, 0..1 exclusive; default 0.4."""
    return_period_a: float = 20.0
    """Return period P in years; default 20."""
    a_mm_min: float = 12.004
    """Coefficient A in mm/min; default 12.004 (Beijing)."""
    c: float = 0.811
    """Coefficient C, dimensionless; default 0.811 (Beijing)."""
    b_min: float = 8.0
    """Time constant b in minutes; default 8 (Beijing)."""
    n: float = 0.711
    """Exponent n, 0..1 exclusive; default 0.711 (Beijing)."""

    def __post_init__(self) -> None:
        """Refuse parameters the formula has no meaning for.

        Raises:
            ScenarioError: a duration, period or exponent outside its range.
        """
        if (
            not 0.0 < self.peak_ratio < 1.0
            or not 0.0 < self.n < 1.0
            or self.duration_s <= 0.0
            or self.return_period_a < 1.0
            or self.b_min <= 0.0
        ):
            raise ScenarioError(
                f"storm of {self.duration_s} s, return period {self.return_period_a} a, peak ratio "
                f"{self.peak_ratio}, n {self.n}, b {self.b_min} min: expected a duration and b above "
                "0, a period of at least 1 a, peak ratio and n between 0 and 1"
            )

    @property
    def end_s(self) -> float:
        """Second of the scenario at which the rain stops."""
        return self.start_s + self.duration_s

    @property
    def peak_s(self) -> float:
        """Second of the scenario at which it rains hardest."""
        return self.start_s + self.duration_s * self.peak_ratio

    def _strength(self) -> float:
        return self.a_mm_min * (1.0 + self.c * math.log10(self.return_period_a))

    def intensity_mm_h(self, elapsed_s: float) -> float:
        """Return how hard it rains at a second of the scenario, mm/h; 0 outside the storm.

        Source: Keifer and Chu 1957, eq. for the rising (``t / r``) and the falling limb
        (``t / (1 - r)``).
        """
        if not self.start_s <= elapsed_s < self.end_s:
            return 0.0
        from_peak_min = (elapsed_s - self.peak_s) / 60.0
        share = self.peak_ratio if from_peak_min < 0.0 else 1.0 - self.peak_ratio
        t_min = abs(from_peak_min) / share
        per_minute = (
            self._strength()
            * ((1.0 - self.n) * t_min + self.b_min)
            / math.pow(t_min + self.b_min, 1.0 + self.n)
        )
        return per_minute * _MINUTES_PER_HOUR

    def total_mm(self) -> float:
        """Return the rain of the whole storm in mm, from the design formula (not by integration)."""
        minutes = self.duration_s / 60.0
        return self._strength() * minutes / math.pow(minutes + self.b_min, self.n)
