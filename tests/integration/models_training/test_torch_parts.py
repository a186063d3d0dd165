"""The parts that need torch, in the training environment."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.integration.models_training.environment import ROOT, trainer_environment, trainer_python

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_NAMES = [
    line.removesuffix(",").strip()
    for line in (Path(__file__).parent / "torch_behaviours.py")
    .read_text(encoding="utf-8")
    .partition("    for act in (\n")[2]
    .partition("    )\n")[0]
    .splitlines()
]


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    """What each behaviour said: nothing where it holds."""
    done = subprocess.run(
        [trainer_python(), "-m", "tests.integration.models_training.torch_behaviours"],
        cwd=ROOT,
        env=trainer_environment(),
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.parametrize("name", _NAMES)
def test_behaviour_holds(said: dict[str, str], name: str) -> None:
    """A behaviour of :mod:`tests.integration.models_training.torch_behaviours` holds."""
    assert said[name] == ""
