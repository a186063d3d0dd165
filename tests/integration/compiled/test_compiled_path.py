"""The compiled gateway judges as the interpreted one: the same tests, run against the installed wheel."""

import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-compiled" / "bin" / "python"
TESTS = (
    "tests/unit/contracts/test_pack_shapes.py",
    "tests/unit/gateway/test_reading_path.py",
    "tests/unit/rules/test_calm_keys.py",
    "tests/unit/rules/test_late_passing.py",
    "tests/unit/rules/test_late_properties.py",
    "tests/unit/rules/test_late_signals.py",
    "tests/unit/rules/test_number_trail.py",
    "tests/unit/rules/quality/test_calm_gate.py",
    "tests/unit/rules/quality/test_late_values.py",
)
"""Each compares what is compiled, value by value, with modules that are not."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason="no .venv-compiled: run make compiled"),
]


def _compiled() -> list[str]:
    """Return the modules that the build compiles, as paths from the root."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    hooks = tomllib.loads(text)["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]
    return [path.removeprefix("/") for path in hooks["mypyc"]["include"]]


def _run(arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the compiled environment's Python where it finds no other sources."""
    environment = {name: one for name, one in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(PYTHON), *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def test_it_is_machine_code_of_these_sources(tmp_path: Path) -> None:
    """Every module that is to be compiled is, and none was changed since."""
    modules = [path.removesuffix(".py").replace("/", ".") for path in _compiled()]
    script = (
        "import importlib, json, sys; "
        "print(json.dumps([importlib.import_module(name).__file__ for name in sys.argv[1:]]))"
    )
    done = _run(["-P", "-c", script, *modules], tmp_path)
    files = [Path(file) for file in json.loads(done.stdout)]
    site = files[0].parents[1]

    assert [file.suffix for file in files] == [".so"] * len(modules)
    assert [
        path for path in _compiled() if (site / path).read_bytes() != (ROOT / path).read_bytes()
    ] == []


@pytest.mark.timeout(550)
def test_it_judges_as_the_sources_do(tmp_path: Path) -> None:
    """What the tests of these modules hold the sources to, the compiled ones do as well."""
    shutil.copytree(
        ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__")
    )
    order = ["-m", "pytest", "-q", "-c", os.devnull, "--rootdir", ".", "--import-mode", "importlib"]
    done = _run([*order, "-p", "no:cacheprovider", *TESTS], tmp_path)

    assert done.returncode == 0, done.stdout[-4_000:]
    assert " passed" in done.stdout
