"""``cityloop models shrink`` on a network whose answers are known."""

import json
from pathlib import Path

import onnx
import pytest
from click.testing import CliRunner, Result

from models.__main__ import main as models
from tests.unit.models_judging.drawn_set import write_network, write_set

BOX = (4.0, 4.0, 24.0, 24.0)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Return a network that finds a person in every picture."""
    return write_network(tmp_path / "sees.onnx", [(BOX, 0, 0.9)])


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Return a folder of a few pictures."""
    return write_set(tmp_path / "set", [[(BOX, "person")]] * 6) / "images"


def shrunk(network: Path, frames: Path, to: Path, *arguments: str | Path) -> Result:
    """Run the command on every picture."""
    given = ["shrink", network, "--frames", frames, "--every", "1", "--to", to, *arguments]
    return CliRunner().invoke(models, [str(part) for part in given])


def test_what_sees_the_same_is_written(network: Path, frames: Path, tmp_path: Path) -> None:
    """An accepted variant carries what it was made from, how, and its class names."""
    data = str(frames.parent)
    result = shrunk(network, frames, tmp_path / "to", "--variant", "slim", "--data", data, "--json")
    (told,) = json.loads(result.stdout)

    assert result.exit_code == 0
    assert told["accepted"]
    assert told["map50_95"] == told["map50_95_before"] == pytest.approx(1.0)
    stored = {one.key: one.value for one in onnx.load(told["file"]).metadata_props}
    assert stored["shrunk_by"] == "slim"
    assert len(stored["shrunk_from"]) == 64
    assert "person" in stored["names"]


def test_what_cannot_be_made_is_refused(network: Path, frames: Path, tmp_path: Path) -> None:
    """A network whose size is built in is no rectangle; the others are still judged."""
    arguments = ("--variant", "rect", "--variant", "slim", "--camera", "64x32")
    result = shrunk(network, frames, tmp_path / "to", *arguments)

    assert result.exit_code == 1
    assert "rect        REFUSED" in result.stdout
    assert "export the network itself with an input of 32 x 64" in result.stdout
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["sees-slim.onnx"]


def test_nothing_to_compare_is_no_agreement(frames: Path, tmp_path: Path) -> None:
    """A network that finds nothing in the frames shows nothing about its variant."""
    blind = write_network(tmp_path / "blind.onnx", [(BOX, 0, 0.1)])
    result = shrunk(blind, frames, tmp_path / "to", "--variant", "slim")

    assert result.exit_code == 1
    assert "the original finds nothing in these frames" in result.stdout
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--variant", "int4"), "'int4': expected slim, rect"),
        (("--variant", "slim", "--camera", "wide"), "expected columns x rows, like 1920x1080"),
        (("--variant", "rect"), "rect needs the size of the camera's picture: give --camera"),
        (("--variant", "slim", "--rename", "car"), "'car': expected MODEL=LABEL"),
    ],
    ids=["variant", "camera", "no-camera", "rename"],
)
def test_what_is_asked_wrongly(
    network: Path, frames: Path, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    """A wrong argument is answered with what is expected."""
    result = shrunk(network, frames, tmp_path / "to", *arguments)

    assert result.exit_code == 2
    assert words in result.stderr


def test_one_picture_is_too_few(network: Path, tmp_path: Path) -> None:
    """Calibration and comparison never share a frame, so one is not enough."""
    frames = write_set(tmp_path / "one", [[(BOX, "person")]]) / "images"
    result = shrunk(network, frames, tmp_path / "to", "--variant", "slim")

    assert result.exit_code == 2
    assert "1 taken, at least 2 are needed" in result.stderr
