"""``gateway map`` says what becomes of a message."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.__main__ import main
from tests.unit.gateway.foreign.golden import SPARKPLUG


def test_dry_run_tells_values_units_and_unknown_fields(tmp_path: Path) -> None:
    """A person sees each value, what rules would see, and what nobody mapped."""
    message = tmp_path / "m.json"
    message.write_text('{"depth_cm": 27, "mood": 1}')
    arguments = ["map", "--mapping", "plain-json", "--profile", "water_level", str(message)]
    result = CliRunner().invoke(main, arguments)

    assert result.exit_code == 0
    assert "depth_m = 27.0 cm; rules see 0.27" in result.output
    assert "unknown field mood" in result.output


def test_rejection_is_exit_code_1(tmp_path: Path) -> None:
    """A script can tell that a message would be turned away, and why."""
    message = tmp_path / "m.json"
    message.write_text("{}")
    result = CliRunner().invoke(main, ["map", "--mapping", "plain-json", "--json", str(message)])

    assert result.exit_code == 1
    assert json.loads(result.output)[0]["outcome"] == "unknown_device"


def test_sparkplug_births_and_data_are_read_one_after_the_other(tmp_path: Path) -> None:
    """Aliases of a birth file are known to the data file behind it."""
    devices = tmp_path / "devices.yaml"
    devices.write_text(
        "devices: [{subject: well, mapping: sparkplug-b, foreign_id: bay/pump-1, "
        "profile: water_level, district: d, site: s}]"
    )
    birth = tmp_path / "birth.hex"
    birth.write_text(SPARKPLUG["nbirth"].hex())
    result = CliRunner().invoke(
        main,
        [
            "map",
            "--mapping",
            "sparkplug-b",
            "--devices",
            str(devices),
            "--hex",
            "--json",
            "--at",
            "2026-07-01T08:00:00+00:00",
            "--topic",
            "spBv1.0/bay/NBIRTH/pump-1",
            str(birth),
        ],
    )

    assert [one["outcome"] for one in json.loads(result.output)] == ["accepted"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("mapping: m\n", "bad.yaml:1:1: topics: missing"), ("a: [", "bad.yaml:")],
    ids=["missing-topics", "no-yaml"],
)
def test_wrong_mapping_is_exit_code_2_with_its_place(
    tmp_path: Path, text: str, expected: str
) -> None:
    """The error says file, line and column."""
    mapping = tmp_path / "bad.yaml"
    mapping.write_text(text)
    result = CliRunner().invoke(main, ["map", "--mapping", str(mapping)])

    assert result.exit_code == 2
    assert expected in result.output
