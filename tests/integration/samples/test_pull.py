"""``cityloop samples`` and ``cityloop models`` as commands, against a mirror of the real files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.catalogue.entries import load_models
from runtime.fetching.catalogue import Catalogue, Entry, load_catalogue
from tests.integration.samples.mirror import Mirror

SHARED = Path(os.environ.get("CITYLOOP_SHARED", Path(__file__).parents[4] / "shared"))


def cityloop(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cityloop", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def shared_copy(name: str) -> bytes:
    """Return a file beside the repository; skip where there is none."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(
            f"{path} is not there; set CITYLOOP_SHARED to the folder with media/ and models/"
        )
    return path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("group", "name", "source"),
    [
        ("samples", "car-park", "media/car-detection.mp4"),
        ("models", "yolox-nano", "models/yolox_nano_coco.onnx"),
    ],
)
def test_pull_the_real_file(tmp_path: Path, group: str, name: str, source: str) -> None:
    """The catalogue's hash is that of the file that the project measures with."""
    content = shared_copy(source)
    file = Path(source).name
    with Mirror({file: content}) as mirror:
        mirror.cuts = [1_000_000]
        result = cityloop(
            group, "pull", name, "--to", str(tmp_path), "--mirror", mirror.url, "--json"
        )

    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert Path(told["path"]).read_bytes() == content
    assert told["licence"] in {"CC-BY-4.0", "Apache-2.0"}


@pytest.mark.slow
def test_research_use_has_to_be_agreed_to(tmp_path: Path) -> None:
    """A research-only clip is not fetched before the user agrees to its terms."""
    with Mirror({}) as mirror:
        arguments = ("samples", "pull", "street", "--to", str(tmp_path), "--mirror", mirror.url)
        without = cityloop(*arguments)
        asked = list(mirror.requested)
        agreed = cityloop(*arguments, "--accept-research-use")

    assert without.returncode == 1
    assert "CC-BY-NC-SA-3.0, for research only" in without.stderr
    assert asked == []
    assert "answered 404" in agreed.stderr


def entries() -> list[Entry]:
    """Return all entries of both catalogues."""
    return [*load_catalogue("cityloop.samples", Catalogue).entries, *load_models().entries]


def test_catalogue_names_are_unique_and_licensed() -> None:
    """Every entry says whose it is, under which licence, and where that can be read."""
    names = [entry.name for entry in entries()]

    assert {"car-park", "street", "yolox-nano"} <= set(names)
    assert len(names) == len(set(names))
    for entry in entries():
        assert entry.licence
        assert entry.attribution
        assert entry.page.startswith("https://")
        assert entry.research_only == ("-NC-" in entry.licence)
