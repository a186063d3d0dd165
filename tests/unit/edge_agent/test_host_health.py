"""What Linux says of the box."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.profiles import PROFILES
from edge.sensors.host_health import HostInstrument
from edge.sensors.wire_config import HostConfig

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def instrument(root: Path, disk: Path) -> HostInstrument:
    """Return what reads a made-up machine."""
    return HostInstrument(HostConfig(subject="box-1"), None, disk, lambda: 0.002, root=root)


def test_a_machine_is_read_as_linux_shows_it(tmp_path: Path) -> None:
    """The hottest believable zone, load by processor, memory that is not available, clock."""
    for number, milli in enumerate((41_000, 63_500, 400_000)):
        zone = tmp_path / f"sys/class/thermal/thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "temp").write_text(f"{milli}\n")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text(
        "MemTotal: 4000 kB\nMemAvailable: 1000 kB\nHugePages: 0\n"
    )
    (reading,) = instrument(tmp_path, tmp_path / "gone").read(NOW)

    assert reading.values == {"cpu_cel": 63.5, "memory_ratio": 0.75, "clock_offset_s": 0.002}


def test_this_machine_is_within_the_ranges_of_its_profile(tmp_path: Path) -> None:
    """What this machine says of itself is possible, and every field is one of the profile's."""
    (reading,) = instrument(Path("/"), tmp_path).read(NOW)
    profile = PROFILES["box_health"]

    assert {"load_ratio", "memory_ratio", "disk_ratio"} <= set(reading.values)
    for name, value in reading.values.items():
        field = profile.field(name)
        assert field is not None
        assert field.minimum is not None
        assert field.maximum is not None
        assert field.minimum <= float(value) <= field.maximum


@pytest.mark.parametrize(
    ("file", "text"),
    [("loadavg", ""), ("meminfo", "MemTotal: 0 kB\nMemAvailable: 0 kB\n"), ("meminfo", "x\n")],
    ids=["no load", "no memory", "rubbish"],
)
def test_what_a_machine_does_not_say_is_left_out(tmp_path: Path, file: str, text: str) -> None:
    """Rubbish in /proc takes away one value and not the reading."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / file).write_text(text)
    (reading,) = instrument(tmp_path, tmp_path / "gone").read(NOW)

    assert reading.values == {"clock_offset_s": 0.002}
