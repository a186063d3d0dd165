"""What an image does, without a container: a wheel of some folders, installed in an empty environment."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

__all__ = ["REPOSITORY", "Role", "build_wheel", "dockerfile_roles", "install", "run"]

REPOSITORY = Path(__file__).parents[3]
_TIMEOUT_S = 170


class Role(NamedTuple):
    """What a Dockerfile says about itself."""

    name: str
    folders: tuple[str, ...]
    extra: str
    module: str


def dockerfile_roles() -> list[Role]:
    """Return the roles as the Dockerfiles define them: which folders, which extra, which module."""
    found: list[Role] = []
    for path in sorted((REPOSITORY / "docker").glob("*.Dockerfile")):
        text = path.read_text(encoding="utf-8")
        extra = re.search(r"'\.\[([\w,]+)\]'", text)
        module = re.search(r'ENTRYPOINT \["python", "-m", "(\w+)"\]', text)
        assert extra is not None, path
        assert module is not None, path
        folders = tuple(re.findall(r"^COPY (\w+) \1$", text, flags=re.MULTILINE))
        found.append(Role(path.name.partition(".")[0], folders, extra[1], module[1]))
    return found


def run(*command: str | Path, folder: Path | None = None) -> str:
    """Run a command to its end and return its output; fail with it when it fails."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))
    }
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=_TIMEOUT_S,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def _uv() -> str:
    found = shutil.which("uv", path=str(Path(sys.executable).parent))
    assert found is not None, "uv is a development dependency: make setup"
    return found


def build_wheel(folders: tuple[str, ...], work: Path) -> Path:
    """Return a wheel built from the project's files and only these folders."""
    source = work / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    for folder in folders:
        shutil.copytree(
            REPOSITORY / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    run(_uv(), "build", "--quiet", "--wheel", "--out-dir", work / "dist", source)
    (wheel,) = (work / "dist").glob("*.whl")
    return wheel


def install(wheel: Path, extra: str, work: Path) -> Path:
    """Return the Python of a new environment that holds a wheel with one extra and nothing else."""
    environment = work / "venv"
    run(_uv(), "venv", "--quiet", "--python", sys.executable, environment)
    python = environment / "bin" / "python"
    run(
        *(_uv(), "pip", "install", "--quiet", "--python", python),
        *("--constraint", REPOSITORY / "constraints.txt", f"cityloop[{extra}] @ file://{wheel}"),
    )
    return python
