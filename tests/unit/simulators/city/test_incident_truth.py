"""What counts as an incident in true values."""

import numpy as np
import pytest

from contracts.levels import Level
from simulators.city.incident_classes import IncidentClass, incident_classes
from simulators.city.incident_truth import Incident, incidents_in

PONDING: IncidentClass = incident_classes()["ponding"]
HYDRANT: IncidentClass = incident_classes()["hydrant_leak"]


def _incidents(values: list[float], kind: IncidentClass = PONDING) -> list[Incident]:
    at_s = np.arange(len(values), dtype=np.float64) * 10.0
    return incidents_in("x", kind, "one", at_s, np.array(values), (114.0, 30.5), cadence_s=10.0)


def test_a_flood_begins_at_its_first_wet_sample_and_ends_with_the_calm() -> None:
    """Start is the first sample beyond the threshold, end the first of the five dry minutes."""
    (found,) = _incidents([0.0] * 5 + [0.2] * 30 + [0.0] * 40)

    assert (found.start_s, found.end_s, found.ideal_s) == (50.0, 350.0, 110.0)
    assert (found.level, found.most, found.marginal) == (Level.BLUE, Level.BLUE, False)


def test_two_waves_within_the_calm_are_one_flood() -> None:
    """Water that goes and comes back within five minutes is one incident."""
    values = [0.2] * 20 + [0.0] * 20 + [0.3] * 20 + [0.0] * 60

    assert [one.start_s for one in _incidents(values)] == [0.0]


def test_two_floods_an_hour_apart_are_two() -> None:
    """Water that comes back after the calm is another incident."""
    values = [0.2] * 20 + [0.0] * 60 + [0.3] * 20 + [0.0] * 60

    assert [one.start_s for one in _incidents(values)] == [0.0, 800.0]


@pytest.mark.parametrize(
    "values",
    [[0.151] * 30, [0.149] * 30, [0.2] * 3 + [0.0] * 40],
    ids=["just above", "just below", "too short"],
)
def test_what_an_honest_sensor_may_see_either_way_is_marginal(values: list[float]) -> None:
    """A peak within the margin of the threshold, or a moment's splash, blames nobody."""
    assert [one.marginal for one in _incidents(values)] == [True]


def test_what_never_comes_near_the_threshold_is_nothing() -> None:
    """Dry is dry."""
    assert _incidents([0.1] * 30) == []


def test_a_peak_near_the_next_level_may_be_called_either() -> None:
    """39.5 cm is surely yellow and perhaps red."""
    (found,) = _incidents([0.395] * 30 + [0.0] * 60)

    assert (found.level, found.most) == (Level.YELLOW, Level.RED)


def test_low_pressure_counts_downwards() -> None:
    """A class whose bad side is below finds the trough."""
    (found,) = _incidents([300.0] * 3 + [80.0] * 60 + [300.0] * 60, HYDRANT)

    assert (found.start_s, found.end_s, found.level) == (30.0, 630.0, Level.RED)


def test_what_may_be_called_an_incident_begins_before_what_surely_is() -> None:
    """Works that are heard at 55 dBA may be told of by night; an incident they are from 70 dBA on."""
    noise = incident_classes()["works_noise"]
    (found,) = _incidents([30.0] * 6 + [55.0] * 30 + [80.0] * 30 + [30.0] * 60, noise)

    assert (found.maybe_s, found.start_s, found.end_s) == (60.0, 360.0, 660.0)
