"""The fleet of the made-up district: which sensors stand where, and what water gathers there.

The district is called Riverside and does not exist; its coordinates (WGS 84) only give the map
something to show.
"""

from msgspec import Struct
from msgspec.structs import replace

from contracts.envelope import Place
from contracts.geometry import from_local_m
from contracts.profiles import PROFILES
from simulators.errors import ScenarioError
from simulators.ponding import LowPoint

__all__ = ["DISTRICT_CENTRE", "SimulatedSubject", "copies_of", "rainstorm_fleet"]

DISTRICT_CENTRE = (114.0, 30.5)
"""Longitude, latitude in WGS 84 degrees of the made-up district."""

MAX_COPIES = 10_000
"""Most copies of the fleet in one simulator: about 170,000 subjects."""


class SimulatedSubject(Struct, frozen=True, kw_only=True):
    """One sensor that does not exist.

    ``phase_s`` is when it first reports, seconds into the scenario; from then on it reports every
    ``cadence_s``. ``low_point`` is set for water levels only; ``pressed_at_s`` for alarm buttons.
    """

    subject: str
    profile: str
    place: Place
    cadence_s: float
    phase_s: float = 0.0
    low_point: LowPoint | None = None
    pressed_at_s: float | None = None


def _place(east_m: float, north_m: float) -> Place:
    lon, lat = from_local_m(DISTRICT_CENTRE, (east_m, north_m))
    return Place(lon=round(lon, 6), lat=round(lat, 6), accuracy_m=5.0)


def _low_point(catchment_ha: float, floor_m2: float, drain_m3_s: float) -> LowPoint:
    return LowPoint(catchment_ha=catchment_ha, floor_m2=floor_m2, drain_m3_s=drain_m3_s)


_LOW_POINTS: tuple[tuple[float, float, LowPoint], ...] = (
    # three underpasses that stand half a metre deep at the storm's height
    (-900.0, 400.0, _low_point(2.0, 160.0, 0.90)),
    (700.0, -300.0, _low_point(1.6, 140.0, 0.70)),
    (100.0, 950.0, _low_point(2.4, 220.0, 1.05)),
    # a road below its kerbs: about a third of a metre
    (-250.0, -800.0, _low_point(1.2, 150.0, 0.55)),
    # two that only just pass the first step
    (450.0, 300.0, _low_point(1.0, 160.0, 0.48)),
    (-600.0, -100.0, _low_point(1.0, 160.0, 0.50)),
    # four whose drains cope, or nearly
    (0.0, 150.0, _low_point(0.8, 150.0, 0.45)),
    (850.0, 600.0, _low_point(0.6, 150.0, 0.40)),
    (-400.0, 700.0, _low_point(0.5, 200.0, 0.40)),
    (300.0, -650.0, _low_point(0.5, 250.0, 0.50)),
)
"""Metres east and north of the centre, and the place itself. Sizes are invented, in the range of
small urban underpasses, so that the default storm fits twelve minutes."""

_OTHERS: tuple[tuple[str, str, float, float], ...] = (
    ("rain-01", "rain_gauge", -500.0, 500.0),
    ("rain-02", "rain_gauge", 600.0, -500.0),
    ("noise-01", "noise", 150.0, 50.0),
    ("noise-02", "noise", -350.0, 250.0),
    ("bin-01", "bin_fill", 200.0, -100.0),
    ("bin-02", "bin_fill", -150.0, 350.0),
    ("button-01", "alarm_button", -880.0, 410.0),
)


def rainstorm_fleet(cadence_s: float) -> tuple[SimulatedSubject, ...]:
    """Return the fleet of the rainstorm: ten water levels, two rain gauges and five others.

    All report every ``cadence_s`` seconds, spread evenly over the cadence so that a broker sees a
    stream and not a pulse.

    Raises:
        ScenarioError: a cadence that is not positive.
    """
    if cadence_s <= 0.0:
        raise ScenarioError(f"cadence of {cadence_s} s: expected more than 0")
    subjects = [
        SimulatedSubject(
            subject=f"wl-{number:02}",
            profile="water_level",
            place=_place(east_m, north_m),
            cadence_s=cadence_s,
            low_point=low_point,
        )
        for number, (east_m, north_m, low_point) in enumerate(_LOW_POINTS, start=1)
    ]
    for subject, profile, east_m, north_m in _OTHERS:
        subjects.append(
            SimulatedSubject(
                subject=subject,
                profile=PROFILES[profile].name,
                place=_place(east_m, north_m),
                cadence_s=cadence_s,
                pressed_at_s=180.0 if profile == "alarm_button" else None,
            )
        )
    return _spread(subjects)


def _spread(subjects: list[SimulatedSubject]) -> tuple[SimulatedSubject, ...]:
    count = len(subjects)
    return tuple(
        replace(subject, phase_s=round(subject.cadence_s * index / count, 3))
        for index, subject in enumerate(subjects)
    )


def copies_of(subjects: tuple[SimulatedSubject, ...], copies: int) -> tuple[SimulatedSubject, ...]:
    """Return the fleet ``copies`` times, for load: the first keeps its ids, others get a suffix.

    Raises:
        ScenarioError: fewer than 1 or more than :data:`MAX_COPIES` copies.
    """
    if not 1 <= copies <= MAX_COPIES:
        raise ScenarioError(f"{copies} copies of the fleet: expected 1 to {MAX_COPIES}")
    if copies == 1:
        return subjects
    return _spread(
        [
            replace(subject, subject=f"{subject.subject}-{copy:04}") if copy else subject
            for copy in range(copies)
            for subject in subjects
        ]
    )
