"""The pytest plugin: a scenario as a fixture, for other people's CI.

@pytest.mark.cityloop(scenario="quiet-week", quick=True, packs=["my-rules.yaml"])
def test_nothing_is_raised(cityloop_scenario):
    assert cityloop_scenario.score.false_alarms == 0
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cityloop.exam.score import Paper, Score

__all__ = ["ScenarioResult", "cityloop_scenario", "pytest_configure"]


@dataclass(frozen=True, eq=False)
class ScenarioResult:
    """One sitting: ``score`` sums it up, ``paper`` holds every finding, fault and false alarm."""

    score: "Score"
    paper: "Paper"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "cityloop(scenario, seed=1, quick=False, surge=1.0, packs=()): what `cityloop_scenario` runs: a "
        "shipped scenario by name or any other by path, through the real gateway and API",
    )


@pytest.fixture
def cityloop_scenario(request: pytest.FixtureRequest, tmp_path: Path) -> ScenarioResult:
    """Run the scenario that the test's ``cityloop`` marker names, and return its marks."""
    from cityloop.exam.marking import mark  # noqa: PLC0415 - pytest loads plugins at every start
    from cityloop.exam.score import Paper, score  # noqa: PLC0415
    from cityloop.exam.sitting import sit  # noqa: PLC0415
    from simulators.city.city_document import load_city  # noqa: PLC0415

    marker = request.node.get_closest_marker("cityloop")
    if marker is None:
        raise pytest.UsageError(
            f"{request.node.nodeid}: cityloop_scenario needs @pytest.mark.cityloop(scenario=...)"
        )
    asked = {"seed": 1, "quick": False, "surge": 1.0, "packs": ()} | marker.kwargs
    unknown = set(asked) - {"scenario", "seed", "quick", "surge", "packs"}
    if unknown or "scenario" not in asked:
        raise pytest.UsageError(
            f"{request.node.nodeid}: cityloop marker has {', '.join(sorted(asked))}; expected scenario "
            "and, if wanted, seed, quick, surge and packs"
        )
    city = load_city(asked["scenario"], asked["seed"], surge=asked["surge"])
    folder = tmp_path / "cityloop"
    folder.mkdir()
    sitting = sit(
        city,
        folder,
        packs=tuple(str(pack) for pack in asked["packs"]),
        until_s=city.quick_s if asked["quick"] else None,
    )
    paper = Paper(sitting, mark(city, sitting.incidents, sitting.episodes, sitting.until_s))
    return ScenarioResult(score([paper]), paper)
