"""Sensor drivers: replayed, simulated, and the load generator."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from contracts.profiles import PROFILES
from edge.sensors.config import LoadConfig, ReplayConfig, SimulatedConfig, WaveConfig
from edge.sensors.errors import SensorSetup
from edge.sensors.load import LOAD_CYCLE, LoadDriver
from edge.sensors.replay import ReplayDriver, load_recording
from edge.sensors.simulated import SimulatedDriver, wave_value

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
WATER = PROFILES["water_level"]
LAMP = PROFILES["street_lamp"]


def after(seconds: float) -> datetime:
    """Return a moment after the start."""
    return START + timedelta(seconds=seconds)


def simulated(seed: int = 1) -> SimulatedDriver:
    """Return a water gauge that reports every 10 s."""
    wave = WaveConfig(base=0.1, amplitude=0.05, period_s=60.0, noise=0.01)
    config = SimulatedConfig(
        subject="w-1", profile="water_level", fields={"depth_m": wave}, seed=seed
    )
    return SimulatedDriver(config, WATER, None)


def test_a_simulated_sensor_keeps_its_cadence() -> None:
    """One reading every profile cadence, however seldom it is asked."""
    driver = simulated()
    found = [*driver.poll(START), *driver.poll(after(25.0)), *driver.poll(after(26.0))]

    assert [(reading.at - START).total_seconds() for reading in found] == [0.0, 10.0, 20.0]


def test_a_simulated_sensor_does_not_depend_on_how_often_it_is_polled() -> None:
    """The same seed and time give the same values."""
    often, seldom = simulated(), simulated()
    values = [reading.values for n in range(121) for reading in often.poll(after(n))]
    seldom.poll(START)

    assert values[1:] == [reading.values for reading in seldom.poll(after(120.0))]


def test_a_simulated_sensor_changes_with_its_seed() -> None:
    """Another seed is another noise."""
    assert simulated(seed=1).poll(START)[0].values != simulated(seed=2).poll(START)[0].values


def test_a_simulated_value_stays_in_the_range_of_its_profile() -> None:
    """A real gauge cannot report less than nothing."""
    config = SimulatedConfig(
        subject="w-1", profile="water_level", fields={"depth_m": WaveConfig(base=-1.0)}
    )

    assert SimulatedDriver(config, WATER, None).poll(START)[0].values == {"depth_m": 0.0}


@pytest.mark.parametrize(
    ("elapsed_s", "expected"),
    [(0.0, 0.0), (59.9, 0.0), (60.0, 0.3), (500.0, 0.1)],
    ids=["before", "just before", "at", "after the last"],
)
def test_steps_replace_the_base(elapsed_s: float, expected: float) -> None:
    """From a step's moment on, its value is the base."""
    wave = WaveConfig(base=0.0, steps=((300.0, 0.1), (60.0, 0.3)))

    assert expected == wave_value(wave, elapsed_s, Random(1))


def load(backlog: list[int], **options: object) -> LoadDriver:
    """Return a load of 100 messages a second from ten lamps."""
    config = LoadConfig(rate_hz=100.0, subjects=10, **options)  # type: ignore[arg-type]
    return LoadDriver(config, LAMP, lambda: backlog[0])


def test_load_keeps_its_rate_and_numbers_its_readings() -> None:
    """Number k goes to subject k mod n, and its value says k."""
    driver = load([0])
    driver.poll(START)
    found = [reading for n in range(1, 21) for reading in driver.poll(after(n * 0.05))]

    assert len(found) == 100
    assert [f"load-{k % 10}" for k in range(100)] == [reading.subject for reading in found]
    assert [k * 2000.0 / LOAD_CYCLE for k in range(100)] == pytest.approx(
        [reading.values["power_w"] for reading in found]
    )


def test_load_waits_while_too_much_is_unacknowledged() -> None:
    """Beyond max_backlog nothing is made, and no flood follows."""
    backlog = [50]
    driver = load(backlog, max_backlog=50)
    driver.poll(START)

    assert driver.poll(after(0.2)) == []
    backlog[0] = 49
    assert len(driver.poll(after(0.3))) == 10


def test_load_does_not_make_up_for_a_long_stall() -> None:
    """After a stall only a quarter of a second is made up for; the rest is counted."""
    driver = load([0])
    driver.poll(START)

    assert len(driver.poll(after(10.0))) == 25
    assert driver.counters["skipped"] == 975


def test_load_stops_at_its_total() -> None:
    """A total ends the load exactly."""
    driver = load([0], total=30)
    driver.poll(START)
    made = sum(len(driver.poll(after(n * 0.1))) for n in range(1, 11))

    assert made == 30


def test_load_needs_a_number_to_count_with() -> None:
    """A profile of flags only cannot carry the count."""
    with pytest.raises(SensorSetup, match="parking_bay"):
        LoadDriver(LoadConfig(rate_hz=1.0), PROFILES["parking_bay"], lambda: 0)


CSV = """time,subject,field,value,unit
2026-01-01T00:00:10Z,w-1,depth_m,12,cm
2026-01-01T00:00:00Z,w-1,depth_m,0.1,
2026-01-01T00:00:10Z,m-1,cover_open,true,
"""
JSONL = """{"time": 5, "subject": "w-1", "field": "depth_m", "value": 0.1}
{"time": 15, "subject": "w-1", "field": "depth_m", "value": 12, "unit": "cm"}

{"time": 15, "subject": "m-1", "field": "cover_open", "value": true}
"""


def replayed(folder: Path, name: str, text: str, **options: object) -> ReplayDriver:
    """Return a driver that plays a text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    config = ReplayConfig(file=name, profile="water_level", **options)  # type: ignore[arg-type]
    return ReplayDriver(config, load_recording(path), None)


@pytest.mark.parametrize(
    ("name", "text"), [("a.csv", CSV), ("a.jsonl", JSONL)], ids=["csv", "jsonl"]
)
def test_a_recording_begins_at_the_start(tmp_path: Path, name: str, text: str) -> None:
    """The first moment of a recording is shifted to the first poll; order is by time."""
    driver = replayed(tmp_path, name, text)
    first, then = driver.poll(START), driver.poll(after(10.0))

    assert [(reading.subject, reading.values) for reading in first] == [("w-1", {"depth_m": 0.1})]
    assert [reading.at for reading in first] == [START]
    assert {reading.subject: reading.values for reading in then} == {
        "w-1": {"depth_m": 12.0},
        "m-1": {"cover_open": True},
    }
    assert next(r for r in then if r.subject == "w-1").units == {"depth_m": "cm"}
    assert driver.finished


def test_a_recording_can_loop(tmp_path: Path) -> None:
    """A looping recording begins again, later than it ended."""
    driver = replayed(tmp_path, "a.csv", CSV, loop=True)
    driver.poll(START)
    found = [r for r in driver.poll(after(100.0)) if r.subject == "w-1"]
    moments = [reading.at for reading in found]

    assert sorted(moments) == moments
    assert len(set(moments)) == len(moments) > 5
    assert not driver.finished


def test_a_recording_can_be_hurried(tmp_path: Path) -> None:
    """Speed plays so many recorded seconds in one."""
    driver = replayed(tmp_path, "a.csv", CSV, speed=10.0)
    driver.poll(START)

    assert {after(1.0)} == {reading.at for reading in driver.poll(after(1.0))}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.txt", "x", "expected a .csv or .jsonl"),
        ("a.csv", "time,subject,field,value\n", "holds no reading"),
        ("a.csv", "time,subject,field,value\n1,w-1,depth_m,\n", r":2: value missing"),
        ("a.csv", "time,subject,field,value\nsoon,w-1,depth_m,1\n", r":2: .*soon"),
        ("a.csv", "time,subject,field,value\nnan,w-1,depth_m,1\n", r":2: .*finite"),
        ("a.csv", "time,subject,field,value\n1,W 1,depth_m,1\n", r":2: subject"),
        ("a.csv", "time,subject,field,value,unit\n1,w-1,depth_m,1,feet\n", r":2: unit 'feet'"),
        ("a.jsonl", "{", r":1: not JSON"),
        ("a.jsonl", "[1]", r":1: expected an object"),
    ],
    ids=["suffix", "empty", "missing", "time", "nan", "subject", "unit", "json", "object"],
)
def test_a_bad_recording_is_named_with_its_line(
    tmp_path: Path, name: str, text: str, expected: str
) -> None:
    """What is wrong with a recording says the file, the line and what was expected."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SensorSetup, match=expected):
        load_recording(path)


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    """A file that is not there is one clear error."""
    with pytest.raises(SensorSetup, match=r"gone\.csv"):
        load_recording(tmp_path / "gone.csv")
