"""A device's registered cadence comes before its profile's: where silence and gaps are reckoned in it."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.gateway.city import reading
from tests.unit.gateway_identity.fleet_city import ENTRY, WATER, FleetCity

PACK = """
rules:
- id: silent
  event: {type: water.ponding, title: {zh: 积水, en: ponding}}
  watch: {profile: water_level}
  key: [subject]
  absence: {after: 3 cadence, type: device.offline, level: yellow}
  ladder:
  - {level: blue, when: depth_m >= 15 cm, clear: depth_m < 12 cm, for: 60s, clear_for: 5m}
- id: gaps
  event: {type: device.data_quality, title: {zh: 断档, en: gap}}
  watch: {profile: water_level}
  key: [subject, check]
  quality: {gap: {max: 3 cadence}, raise: {count: 1}}
"""
"""A water level's cadence is 10 s by its profile."""


class SlowCity(FleetCity):
    """A city with one sensor that speaks as often as the registry says."""

    def __init__(self, folder: Path, cadence_s: float | None) -> None:
        super().__init__(folder)
        self.pack_file.write_text(PACK)
        self.registry.put(ENTRY, replace(WATER, cadence_s=cadence_s))
        self.settle()
        self.seq = 0

    def speak(self) -> None:
        """Send one reading of now."""
        self.send(reading(self.seq, self.clock.now(), 0.0))
        self.seq += 1
        self.step()


@pytest.mark.parametrize(
    ("cadence_s", "expected_s"), [(None, 30), (60.0, 180), (2.0, 6)], ids=["usual", "slow", "fast"]
)
def test_absence_is_reckoned_in_the_devices_own_cadence(
    tmp_path: Path, cadence_s: float | None, expected_s: int
) -> None:
    """Three cadences of the registry, where it has one; of the profile, where it has none."""
    city = SlowCity(tmp_path, cadence_s)
    city.speak()
    heard_at = city.clock.now()
    city.run(expected_s + 2)
    (event,) = city.api.events

    assert (event.event_type, event.at - heard_at) == (
        "device.offline",
        timedelta(seconds=expected_s),
    )


@pytest.mark.parametrize(
    ("cadence_s", "every_s", "expected"),
    [(None, 40, ["gap"]), (60.0, 40, []), (60.0, 181, ["gap"]), (2.0, 7, ["gap"])],
    ids=["usual", "slow", "slow and late", "fast"],
)
def test_gap_is_reckoned_in_the_devices_own_cadence(
    tmp_path: Path, cadence_s: float | None, every_s: int, expected: list[str]
) -> None:
    """What is an interruption to one sensor is a slower one's habit."""
    city = SlowCity(tmp_path, cadence_s)
    city.speak()
    city.run(every_s)
    city.speak()
    told = [event.key["check"] for event in city.api.events if event.rule == "gaps"]

    assert told == expected


def test_cadence_is_known_after_a_restart_and_when_it_changes(tmp_path: Path) -> None:
    """It is part of the registry, so of checkpoint and journal; a new one holds from the next poll on."""
    city = SlowCity(tmp_path, 60.0)
    city.speak()
    city.run(10)
    city.restart()
    city.run(160)
    before = len(city.api.events)
    city.registry.put(replace(WATER, cadence_s=200.0))
    city.settle()
    city.run(400)
    meanwhile = len(city.api.events)
    city.run(200)

    assert (before, meanwhile, len(city.api.events)) == (0, 0, 1)
