"""Drivers from other packages, found by a real entry point."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from contracts.envelope import Place
from edge.sensor_build import Surroundings, build_driver
from edge.sensors.config import PluginConfig
from edge.sensors.errors import SensorSetup
from edge.sensors.ports import SensorDriver

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
MODULE = """
from contracts.status import SubjectBirth
from edge.sensors.ports import SensorReading


class Radar:
    name = "acme:r-1"
    per_message = 100

    def __init__(self, options, place):
        self.births = (SubjectBirth(subject=options["subject"], profile="wind", place=place),)
        self.counters = {"readings": 0}

    def poll(self, now):
        return [SensorReading(self.births[0].subject, "wind", now, {"wind_m_s": 3.0})]

    def close(self):
        pass


def hollow(options, place):
    return object()
"""
POINTS = "[cityloop.sensors]\nacme-radar = acme_radar:Radar\nacme-hollow = acme_radar:hollow\n"

Build = Callable[..., SensorDriver]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Install a package with two plugins, and return what builds drivers."""
    (tmp_path / "acme_radar.py").write_text(MODULE)
    about = tmp_path / "acme_radar-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-radar\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    around = Surroundings(
        folder=tmp_path,
        place=Place(lon=114.0, lat=30.5),
        backlog=lambda: 0,
        clock_offset=lambda: None,
        rng=Random(1),
    )
    return lambda plugin, **options: build_driver(
        PluginConfig(plugin=plugin, options=options), around
    )


def test_an_installed_plugin_drives_a_sensor(build: Build) -> None:
    """Its options and the box's place reach it, its readings come out."""
    driver = build("acme-radar", subject="r-1")

    assert [reading.values for reading in driver.poll(NOW)] == [{"wind_m_s": 3.0}]
    assert driver.births[0].place == Place(lon=114.0, lat=30.5)


@pytest.mark.parametrize(
    ("plugin", "said"),
    [
        ("acme-lidar", "installed are acme-hollow, acme-radar"),
        ("acme-radar", "KeyError"),
        ("acme-hollow", "without name, births"),
    ],
    ids=["unknown", "wrong options", "no driver"],
)
def test_a_plugin_that_cannot_be_used_is_refused(build: Build, plugin: str, said: str) -> None:
    """What is wrong with it is said; the box goes on without."""
    with pytest.raises(SensorSetup, match=said):
        build(plugin)
