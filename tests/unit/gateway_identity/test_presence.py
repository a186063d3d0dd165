"""Who is online, and what clocks and numbers tell."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from contracts.registry import Lifecycle
from contracts.status import BoxState
from gateway.clock_watch import clock_verdict
from tests.unit.gateway.city import START, birth, reading
from tests.unit.gateway_identity.fleet_city import ENTRY, WATER, FleetCity


@pytest.fixture
def city(tmp_path: Path) -> FleetCity:
    """A city with one registered box and one registered sensor that reports every 10 s."""
    city = FleetCity(tmp_path)
    city.registry.put(ENTRY, WATER)
    city.send(birth(START))
    city.settle()
    return city


def rate(city: FleetCity) -> tuple[int, int] | None:
    """Return devices and online of the water levels; None where nothing is measured."""
    found = city.gateway.watch.rates(city.clock.now())
    return next(((r.devices, r.online) for r in found if r.profile == "water_level"), None)


def test_nothing_is_measured_before_anybody_could_speak(city: FleetCity) -> None:
    """A gateway that has just started says neither 0 nor 100 per cent."""
    assert rate(city) is None


def test_who_never_speaks_is_offline_once_he_had_the_time(city: FleetCity) -> None:
    """After its window a silent device counts, as offline."""
    city.run(61)

    assert rate(city) == (1, 0)


def test_a_device_that_speaks_is_online_until_it_is_silent(city: FleetCity) -> None:
    """Silence is judged in event time: a minute, or three cadences."""
    city.send(reading(0, city.clock.now()))
    city.step()
    spoke = rate(city)
    city.run(61)
    city.send(reading(1, city.clock.now() - timedelta(seconds=70)))
    city.step()

    assert spoke == (1, 1)
    assert rate(city) == (1, 0)


def test_a_slow_device_is_given_its_cadence(tmp_path: Path) -> None:
    """The cadence of the registry decides, not the profile's."""
    city = FleetCity(tmp_path)
    city.registry.put(ENTRY, replace(WATER, cadence_s=300.0))
    city.settle()
    city.send(birth(city.clock.now()))
    city.send(reading(0, city.clock.now()))
    for _ in range(10):
        city.step(60.0)
        city.send(birth(city.clock.now(), state=BoxState.HEARTBEAT))
        city.step()

    assert rate(city) == (1, 1)


def test_the_last_will_takes_the_devices_of_a_box_offline(city: FleetCity) -> None:
    """Who has said goodbye is not waited for."""
    city.send(reading(0, city.clock.now()))
    city.step()
    city.send(birth(city.clock.now(), state=BoxState.OFFLINE))
    city.step()

    assert rate(city) == (1, 0)


@pytest.mark.parametrize("lifecycle", [Lifecycle.PLANNED, Lifecycle.MAINTENANCE, Lifecycle.RETIRED])
def test_only_active_devices_are_missed(city: FleetCity, lifecycle: Lifecycle) -> None:
    """What is not in service is no part of the rate."""
    city.registry.put(replace(WATER, lifecycle=lifecycle))
    city.settle()
    city.run(61)

    assert rate(city) is None


def test_stamps_and_gaps_are_counted_by_box(city: FleetCity) -> None:
    """Future, late and duplicate stamps, and what was never delivered, stand beside the box."""
    now = city.clock.now()
    city.send(reading(0, now + timedelta(hours=1)))
    city.send(reading(1, now - timedelta(hours=1)))
    city.send(reading(1, now - timedelta(hours=1)))
    city.step()
    for _ in range(4):
        city.send(reading(5, city.clock.now(), resent=True))
        city.step(300.0)
    (line,) = city.gateway.watch.lines(city.clock.now(), {})

    assert (line.future, line.late, line.missing) == (1, 1, 3)
    assert line.duplicates >= 1
    assert (line.box, line.registered, line.clock) == ("box-1", True, "ahead")
    assert line.odd_stamps == {"water-1": {"clock_skew": 1, "late": 1}}


def test_a_device_that_repeats_a_time_is_named(city: FleetCity) -> None:
    """The same moment given twice is odd, on the short way as on the ordinary one."""
    moments = [0, 1, 2, 2, 3, 3]
    now = city.clock.now()
    for seq, second in enumerate(moments):
        city.send(reading(seq, now + timedelta(seconds=second), 0.1))
        city.step(1.0)
    (line,) = city.gateway.watch.lines(city.clock.now(), {})

    assert line.odd_stamps == {"water-1": {"repeated": 2}}


@pytest.mark.parametrize(
    ("offset_s", "future", "verdict"),
    [
        pytest.param(0.03, 0, "ok", id="NTP"),
        pytest.param(3600.0, 0, "ahead", id="an hour ahead"),
        pytest.param(-2.0, 0, "behind", id="behind"),
        pytest.param(None, 0, "unknown", id="nobody knows"),
        pytest.param(None, 5, "ahead", id="stamps from the future"),
    ],
)
def test_a_clock_is_judged(offset_s: float | None, future: int, verdict: str) -> None:
    """NTP's word counts; without it only stamps from the future betray a clock."""
    assert clock_verdict(offset_s, future) == verdict


def test_the_api_is_told_who_is_silent_and_since_when(city: FleetCity) -> None:
    """A box's report names its devices that are online, and those that are not with their newest time."""
    spoke_at = city.clock.now()
    city.send(reading(0, spoke_at))
    city.step()
    before = city.gateway.watch.reports(city.clock.now())[0]
    city.run(61)
    city.send(birth(city.clock.now(), state=BoxState.HEARTBEAT))
    city.step()
    after = city.gateway.watch.reports(city.clock.now())[0]

    assert (before.here, before.silent) == ((WATER.device,), {})
    assert (after.here, after.silent) == ((), {WATER.device: spoke_at})
