"""The CI files of the documentation do what they say: their steps run, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FENCE = re.compile(r"^```yaml\n# (?P<path>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)

FILES = {
    match["path"]: match["text"]
    for match in FENCE.finditer((ROOT / "docs" / "ci.md").read_text("utf-8"))
}
"""Files of the page by their paths."""


def _steps(path: str) -> list[str]:
    """Return the shell commands of a CI file, in order; actions of others are left out."""
    document = yaml.safe_load(FILES[path])
    if path.startswith(".github"):
        (job,) = document["jobs"].values()
        return [step["run"] for step in job["steps"] if "run" in step]
    return [*document["exam"]["before_script"], *document["exam"]["script"]]


def _run(step: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        # what is asked for is installed already: nothing is fetched
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        ["/bin/bash", "-e", "-c", step],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with every file of the page."""
    for path, text in FILES.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("path", [".github/workflows/city.yml", ".gitlab-ci.yml"])
def test_the_steps_of_a_ci_file_run(path: str, checkout: Path) -> None:
    """Every command ends well, and the reports that are kept are there."""
    for step in _steps(path):
        done = _run(step, checkout)

        assert done.returncode == 0, f"{step}\n{done.stdout}\n{done.stderr}"

    assert 'failures="0"' in (checkout / "exam.xml").read_text(encoding="utf-8")
    assert "My district" in (checkout / "exam.html").read_text(encoding="utf-8")
