"""A scenario: the fleet, the weather and what every sensor reports at every moment of it.

Everything here is a function of the seed and the second of the scenario, never of the order of calls:
a reading can be asked for twice, on two machines, and is the same.
"""

import math
import zlib
from collections.abc import Callable, Mapping

import numpy as np
from msgspec import Struct

from contracts.readings import Value
from simulators.errors import ScenarioError
from simulators.fleet import SimulatedSubject, copies_of, rainstorm_fleet
from simulators.ponding import DepthCurve, LowPoint, route
from simulators.rainstorm import Rainstorm

__all__ = ["RAINSTORM_DURATION_S", "SCENARIOS", "Scenario", "build_scenario"]

RAINSTORM_DURATION_S = 720.0
"""Twelve minutes: the water rises, falls and stays low for five minutes; a minute at twelve-fold speed."""

_DEPTH_NOISE_M = 0.002
"""Standard deviation of a level sensor, metres: the 2 mm resolution of common pressure probes."""


class Scenario(Struct, frozen=True, kw_only=True):
    """One seeded scenario. ``curves`` holds the depth of every low point by subject."""

    name: str
    seed: int
    duration_s: float
    storm: Rainstorm
    subjects: tuple[SimulatedSubject, ...]
    curves: Mapping[str, DepthCurve]

    def elapsed_s(self, subject: SimulatedSubject, index: int) -> float:
        """Return the second of the scenario at which a subject reports for the ``index``-th time."""
        return round(subject.phase_s + index * subject.cadence_s, 6)

    def measure(self, subject: SimulatedSubject, index: int) -> dict[str, Value]:
        """Return what a subject reports the ``index``-th time: profile field to value, base units."""
        rng = np.random.Generator(
            np.random.Philox(
                key=(self.seed & 0xFFFFFFFF) << 32 | zlib.crc32(subject.subject.encode()),
                counter=index,
            )
        )
        elapsed_s = self.elapsed_s(subject, index)
        return _INSTRUMENTS[subject.profile](self, subject, elapsed_s, rng)


_Instrument = Callable[[Scenario, SimulatedSubject, float, np.random.Generator], "dict[str, Value]"]


def _water_level(
    scenario: Scenario, subject: SimulatedSubject, elapsed_s: float, rng: np.random.Generator
) -> dict[str, Value]:
    true_m = scenario.curves[subject.subject].depth_m(elapsed_s)
    if true_m <= 0.0:
        return {"depth_m": 0.0}
    return {"depth_m": round(max(0.0, true_m + float(rng.normal(0.0, _DEPTH_NOISE_M))), 3)}


def _rain_gauge(
    scenario: Scenario, _: SimulatedSubject, elapsed_s: float, rng: np.random.Generator
) -> dict[str, Value]:
    true_mm_h = scenario.storm.intensity_mm_h(elapsed_s)
    return {"rain_mm_h": round(min(400.0, true_mm_h * float(rng.normal(1.0, 0.02))), 1)}


def _noise(
    scenario: Scenario, _: SimulatedSubject, elapsed_s: float, rng: np.random.Generator
) -> dict[str, Value]:
    rain_mm_h = scenario.storm.intensity_mm_h(elapsed_s)
    level = 56.0 + 4.0 * math.sin(elapsed_s / 95.0) + 0.03 * rain_mm_h + float(rng.normal(0.0, 1.5))
    return {"dba": round(level, 1), "source": "rain" if rain_mm_h > 100.0 else "traffic"}


def _bin_fill(
    _: Scenario, subject: SimulatedSubject, elapsed_s: float, rng: np.random.Generator
) -> dict[str, Value]:
    start = 0.3 + 0.4 * (zlib.crc32(subject.subject.encode()) % 100) / 100.0
    return {"fill_ratio": round(min(1.0, start + elapsed_s / 36_000.0 + rng.uniform(0, 0.005)), 3)}


def _alarm_button(
    _: Scenario, subject: SimulatedSubject, elapsed_s: float, __: np.random.Generator
) -> dict[str, Value]:
    pressed_at_s = subject.pressed_at_s
    pressed = pressed_at_s is not None and 0.0 <= elapsed_s - pressed_at_s < subject.cadence_s
    return {"pressed": pressed}


_INSTRUMENTS: dict[str, _Instrument] = {
    "water_level": _water_level,
    "rain_gauge": _rain_gauge,
    "noise": _noise,
    "bin_fill": _bin_fill,
    "alarm_button": _alarm_button,
}


def _rainstorm(seed: int, *, cadence_s: float, copies: int, storm: Rainstorm) -> Scenario:
    subjects = copies_of(rainstorm_fleet(cadence_s), copies)
    routed: dict[LowPoint, DepthCurve] = {}
    curves: dict[str, DepthCurve] = {}
    for subject in subjects:
        if subject.low_point is not None:
            if subject.low_point not in routed:
                routed[subject.low_point] = route(
                    subject.low_point, storm.intensity_mm_h, storm.end_s
                )
            curves[subject.subject] = routed[subject.low_point]
    return Scenario(
        name="rainstorm",
        seed=seed,
        duration_s=RAINSTORM_DURATION_S,
        storm=storm,
        subjects=subjects,
        curves=curves,
    )


SCENARIOS = ("rainstorm",)
"""Names that :func:`build_scenario` knows."""


def build_scenario(
    name: str,
    seed: int,
    *,
    cadence_s: float = 10.0,
    copies: int = 1,
    storm: Rainstorm | None = None,
) -> Scenario:
    """Return a scenario.

    Args:
        name: one of :data:`SCENARIOS`.
        seed: equal seeds give equal readings; any integer from 0.
        cadence_s: seconds of event time between two readings of a sensor.
        copies: how many times the fleet stands there, for load.
        storm: the weather, the default storm where None.

    Raises:
        ScenarioError: an unknown name or a parameter outside its range.
    """
    if name not in SCENARIOS:
        raise ScenarioError(f"scenario {name!r} is unknown: expected one of {', '.join(SCENARIOS)}")
    if seed < 0:
        raise ScenarioError(f"seed {seed}: expected 0 or more")
    return _rainstorm(seed, cadence_s=cadence_s, copies=copies, storm=storm or Rainstorm())
