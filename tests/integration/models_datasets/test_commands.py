"""``cityloop models dataset`` as a person runs it, on pictures that the simulator draws."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from models.datasets.commands import dataset
from models.judging.coco_folder import read_coco_folder
from simulators.scene.detected import DETECTED_CLASSES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def _run(root: Path, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(dataset, [*words, "--root", str(root)])
    assert done.exit_code == code, done.output
    return done.stdout


def _draw(root: Path, seed: int, *more: str) -> dict[str, Any]:
    size = ("--size", "160", "96")
    words = ("--count", "24", "--per-scene", "4", "--seed", str(seed), *size, *more)
    manifest: dict[str, Any] = json.loads(_run(root, "draw", "street", *words, "--json"))
    return manifest


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with 24 drawn pictures of six streets, split."""
    root = tmp_path_factory.mktemp("datasets")
    _draw(root, 3)
    _run(root, "split", "street", "--train", "0.6", "--val", "0.2", "--test", "0.2")
    return root


def test_equal_seeds_are_one_version(root: Path, tmp_path: Path) -> None:
    """Drawn again elsewhere, the same arguments give the same version; another seed another one."""
    first, second = json.loads(_run(root, "list", "--json"))["street"]
    again = _draw(tmp_path, 3)
    other = _draw(tmp_path, 4)

    assert again["version"] == first["version"] == second["parent"]
    assert other["version"] != first["version"]
    assert tuple(first["classes"]) == DETECTED_CLASSES


def test_more_of_what_is_rare(root: Path, tmp_path: Path) -> None:
    """Drawn with emphasis there are more such things, and the set says how it was drawn."""
    plain = json.loads(_run(root, "stats", "street", "--json"))
    emphasis = ("--emphasis", "smoke", "--emphasis", "falling_object")

    manifest = _draw(tmp_path, 3, *emphasis)
    more = json.loads(_run(tmp_path, "stats", "street", "--json"))

    before, after = (
        {one["label"]: one["boxes"] for one in told["classes"]} for told in (plain, more)
    )
    assert after["falling_object"] > 1.5 * before["falling_object"]
    assert after["smoke"] > before["smoke"]
    assert " ".join(emphasis) in manifest["made_by"]


def test_numbers_and_pictures_of_a_set(root: Path, tmp_path: Path) -> None:
    """Counted by part and class; numbers and a sheet of pictures are drawn."""
    plot, sheet = tmp_path / "numbers.png", tmp_path / "sheet.png"
    words = ("--plot", str(plot), "--sheet", str(sheet), "--json")

    told = json.loads(_run(root, "stats", "street", *words))

    assert (told["pictures"], told["cameras"]) == (24, 6)
    assert set(told["splits"]) == {"train", "val", "test"}
    assert sum(one["boxes"] for one in told["classes"]) == told["boxes"] > 0
    assert plot.stat().st_size > 5_000
    assert sheet.stat().st_size > 50_000


def test_a_part_is_handed_to_the_judge(root: Path, tmp_path: Path) -> None:
    """What is exported as COCO is what ``cityloop models evaluate`` reads."""
    _run(root, "export", "street", str(tmp_path / "out"), "--split", "test")

    judged = read_coco_folder(tmp_path / "out")

    assert judged.classes == DETECTED_CLASSES
    assert len(judged.pictures) == 4


def test_an_export_comes_back(root: Path, tmp_path: Path) -> None:
    """Exported as YOLO and imported again, parts and things are the same."""
    _run(root, "export", "street", str(tmp_path / "out"), "--format", "yolo")
    words = ("--format", "yolo", "--json")
    labels = str(tmp_path / "out" / "data.yaml")

    back = json.loads(_run(tmp_path / "other", "import", "back", labels, *words))
    told = json.loads(_run(root, "stats", "street", "--json"))

    assert (back["pictures"], back["boxes"]) == (told["pictures"], told["boxes"])


def test_strict_checking_fails_on_findings(root: Path) -> None:
    """So few pictures have rare classes: strictly that is a failure, and every finding is a JSON object."""
    found = json.loads(_run(root, "check", "street", "--strict", "--json", code=1))

    assert "rare-class" in {one["kind"] for one in found}
    assert "leak" not in {one["kind"] for one in found}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("stats", "nothing"), "is unknown"),
        (("split", "street", "--train", "0.5"), "expected 1"),
        (("split", "street", "--by", "time", "--gap", "60"), "leaves nothing"),
        (("export", "street", "out", "--tag", "snow"), "no picture of that part and tag"),
    ],
    ids=["unknown", "shares", "gap", "tag"],
)
def test_what_cannot_be_is_said(root: Path, words: tuple[str, ...], said: str) -> None:
    """Mistakes end with a sentence and an exit code, not with a traceback."""
    done = CliRunner().invoke(dataset, [*words, "--root", str(root)])

    assert done.exit_code in {1, 2}
    assert said in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
