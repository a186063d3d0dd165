"""What every sensor driver promises."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.ids import check_id
from contracts.profiles import PROFILES
from edge.letters import reading_letters
from edge.sensors.config import LoadConfig, ReplayConfig, SimulatedConfig, WaveConfig
from edge.sensors.load import LoadDriver
from edge.sensors.ports import SensorDriver
from edge.sensors.replay import ReplayDriver, load_recording
from edge.sensors.simulated import SimulatedDriver

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
WATER = PROFILES["water_level"]


def _replay(folder: Path) -> SensorDriver:
    path = folder / "a.csv"
    rows = "".join(f"{n},w-{n % 3},depth_m,{n / 100}\n" for n in range(40))
    path.write_text(f"time,subject,field,value\n{rows}", encoding="utf-8")
    config = ReplayConfig(file="a.csv", profile="water_level")
    return ReplayDriver(config, load_recording(path), None)


def _simulated(folder: Path) -> SensorDriver:
    del folder
    fields = {"depth_m": WaveConfig(base=0.1, noise=0.01)}
    config = SimulatedConfig(subject="w-1", profile="water_level", every_s=1.0, fields=fields)
    return SimulatedDriver(config, WATER, None)


def _load(folder: Path) -> SensorDriver:
    del folder
    config = LoadConfig(rate_hz=5.0, subjects=3, profile="water_level")
    return LoadDriver(config, WATER, lambda: 0)


@pytest.fixture(params=[_replay, _simulated, _load], ids=["replay", "simulated", "load"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], SensorDriver]:
    """Return what makes a driver; twice makes two alike."""
    return lambda: request.param(tmp_path)


def poll_all(driver: SensorDriver) -> list[object]:
    """Return everything measured in 30 s, polled five times a second."""
    moments = [START + timedelta(seconds=n / 5) for n in range(151)]
    return [reading for now in moments for reading in driver.poll(now)]


def test_two_alike_measure_the_same(make: Callable[[], SensorDriver]) -> None:
    """A driver is a function of its configuration and the time: no chance, no clock."""
    found = poll_all(make())

    assert found == poll_all(make())
    assert len(found) >= 30


def test_readings_are_of_its_subjects_and_not_of_the_future(
    make: Callable[[], SensorDriver],
) -> None:
    """Every reading names a subject that was announced, and lies at or before the poll."""
    driver = make()
    subjects = {birth.subject for birth in driver.births}
    for second in range(30):
        now = START + timedelta(seconds=second)
        readings = driver.poll(now)

        assert {reading.subject for reading in readings} <= subjects
        assert all(reading.at <= now for reading in readings)
        assert sorted(reading.at for reading in readings) == [r.at for r in readings]
    assert all(check_id(subject) for subject in subjects)


def test_a_second_poll_of_the_same_moment_gives_nothing(
    make: Callable[[], SensorDriver],
) -> None:
    """Nothing is measured twice."""
    driver = make()
    driver.poll(START)
    driver.poll(START + timedelta(seconds=0.25))

    assert driver.poll(START + timedelta(seconds=0.25)) == []


def test_readings_are_counted_and_fit_into_messages(make: Callable[[], SensorDriver]) -> None:
    """The counter says how many, and a message holds at most per_message of them."""
    driver = make()
    readings = [r for n in range(150) for r in driver.poll(START + timedelta(seconds=n / 5))]
    letters = reading_letters(readings, driver.per_message)

    assert driver.counters["readings"] == len(readings)
    assert len(letters) == -(-len(readings) // driver.per_message)
