"""Commands for the people who keep a city's tables."""

import json
from pathlib import Path

from click.testing import CliRunner

from cloud_api.__main__ import main
from cloud_api.city_profile import PROFILE_FOLDER

LIST = PROFILE_FOLDER / "national" / "responsibilities.csv"
GRID = PROFILE_FOLDER / "beijing-district" / "grid.geojson"


def test_a_whole_list_is_whole() -> None:
    """The shipped list has no gaps on a day on which it holds."""
    done = CliRunner().invoke(main, ["responsibility", "check", "--on", "2026-07-01", "--json"])

    assert done.exit_code == 0
    assert json.loads(done.stdout)["gaps"] == []


def test_before_its_time_a_list_is_all_gaps() -> None:
    """Lines that do not hold yet answer for nothing."""
    done = CliRunner().invoke(main, ["responsibility", "check", "--on", "2025-12-31"])

    assert done.exit_code == 1
    assert "gap: class 2-04-06 道路积水" in done.stdout


def test_a_list_goes_through_a_spreadsheet(tmp_path: Path) -> None:
    """CSV to XLSX and back is the same list."""
    sheet, back = tmp_path / "list.xlsx", tmp_path / "list.csv"
    for source, target in ((LIST, sheet), (sheet, back)):
        done = CliRunner().invoke(main, ["responsibility", "convert", str(source), str(target)])
        assert done.exit_code == 0, done.output

    assert LIST.read_text("utf-8") == back.read_text("utf-8")


def test_a_list_with_an_unknown_department_is_not_converted(tmp_path: Path) -> None:
    """The error names table, line and department; nothing is written."""
    source, target = tmp_path / "bad.csv", tmp_path / "out.csv"
    source.write_text("class,area,department,basis\n*,*,atlantis,x\n")

    done = CliRunner().invoke(main, ["responsibility", "convert", str(source), str(target)])

    assert (done.exit_code, target.exists()) == (2, False)
    assert "bad.csv:2: department 'atlantis' does not exist" in done.stderr


def test_a_grid_is_checked() -> None:
    """The shipped cells touch and do not overlap."""
    done = CliRunner().invoke(main, ["grid", "check", str(GRID), "--json"])

    assert done.exit_code == 0
    assert json.loads(done.stdout) == {"cells": 8, "overlaps": []}
