"""The pytest plugin in somebody else's test suite."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.e2e.exam.test_exam import SMALL

SUITE = """
import pytest


@pytest.mark.cityloop(scenario="small.yaml")
def test_everything_is_found(cityloop_scenario):
    score = cityloop_scenario.score

    assert (score.recall, score.false_alarms, score.lost, score.duplicates) == (1.0, 0, 0, 0)


@pytest.mark.cityloop(scenario="small.yaml", speed=3)
def test_a_wrong_marker_is_said(cityloop_scenario):
    pass
"""


@pytest.mark.slow
def test_somebody_elses_suite_runs_a_scenario(tmp_path: Path) -> None:
    """Installed, the plugin is there: the fixture runs, and a wrong marker is explained."""
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "test_mine.py").write_text(SUITE, encoding="utf-8")
    installed = any(entry.name == "cityloop" for entry in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "cityloop.exam.pytest_plugin"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugin, "--strict-markers"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert "1 passed, 1 error" in done.stdout
    assert "expected scenario and, if wanted, seed" in done.stdout
