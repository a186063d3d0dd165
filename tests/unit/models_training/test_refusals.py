"""What training refuses before it begins."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from models.training.architectures import ARCHITECTURES, find_architecture
from models.training.commands import train
from models.training.errors import ArchitectureUnknown, RecipeRefused
from models.training.recipe import Recipe, check_recipe

RECIPE = Recipe(data="street", data_version="0" * 16, classes=("person",))


def test_agpl_needs_a_yes(tmp_path: Path) -> None:
    """Networks of ultralytics are refused until somebody says yes to their licence, which is named."""
    done = CliRunner().invoke(
        train, ["--data", "street", "--arch", "yolo11n", "--root", str(tmp_path)]
    )

    assert done.exit_code == 1
    assert "AGPL-3.0" in done.output
    assert "--accept-agpl" in done.output


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed here")
def test_without_torch_the_way_to_it_is_told(tmp_path: Path) -> None:
    """The message names the target that makes the environment."""
    done = CliRunner().invoke(train, ["--data", "street", "--root", str(tmp_path)])

    assert done.exit_code == 1
    assert "make trainer" in done.output


@pytest.mark.skipif(find_spec("ultralytics") is not None, reason="ultralytics is installed here")
def test_without_ultralytics_the_way_to_it_is_told(tmp_path: Path) -> None:
    """Who said yes is told which extra brings it."""
    words = ["--data", "street", "--arch", "yolo11n", "--accept-agpl", "--root", str(tmp_path)]
    done = CliRunner().invoke(train, words)

    assert done.exit_code == 1
    assert "cityloop[train]" in done.output


def test_an_unknown_architecture_lists_the_known() -> None:
    """All names are in the message."""
    with pytest.raises(ArchitectureUnknown, match=", ".join(ARCHITECTURES)):
        find_architecture("resnet")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"imgsz": 330}, "imgsz 330: expected a multiple of 32"),
        ({"input_height": 180}, "160 is the next below"),
        ({"classes": ()}, "no classes"),
    ],
    ids=["imgsz", "height", "classes"],
)
def test_a_recipe_that_cannot_be_is_refused(change: dict[str, object], said: str) -> None:
    """Sizes that the grids do not divide, and nothing to learn."""
    with pytest.raises(RecipeRefused, match=said):
        check_recipe(replace(RECIPE, **change))
