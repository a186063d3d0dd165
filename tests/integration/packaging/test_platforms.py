"""The set of a box resolves to wheels on the machines that boxes are, without a compiler."""

import subprocess
from pathlib import Path

import pytest

from tests.integration.packaging.test_docker import tool
from tests.integration.packaging.wheels import REPOSITORY

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("platform", ["aarch64-manylinux_2_28", "x86_64-manylinux_2_28"])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_edge_set_is_wheels_only(platform: str, python: str, tmp_path: Path) -> None:
    """Every distribution that ``[edge]`` needs has a wheel there, and opencv is the headless one."""
    out = tmp_path / "edge.txt"
    done = subprocess.run(
        [
            *(tool("uv"), "pip", "compile", "--quiet", "--extra", "edge"),
            *("--python-platform", platform, "--python-version", python),
            *("--only-binary", ":all:", "--output-file", str(out)),
            str(REPOSITORY / "pyproject.toml"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    names = {
        line.partition("==")[0]
        for line in out.read_text().splitlines()
        if not line.startswith((" ", "#"))
    }
    assert {"onnxruntime", "opencv-python-headless", "av", "scipy", "shapely", "paho-mqtt"} <= names
    assert set() == names & {"opencv-python", "torch", "fastapi", "ultralytics"}
