"""A real network's variants, held against it on a real clip."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edge.vision.onnx_model import OnnxModel
from models.__main__ import main as models
from tests.integration.edge_vision.shared_media import media, model

pytestmark = pytest.mark.slow

OPENVINO = importlib.util.find_spec("openvino") is not None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where accepted variants go."""
    return tmp_path_factory.mktemp("variants")


@pytest.fixture(scope="module")
def verdicts(folder: Path) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the verdict by variant, of YOLOX-nano on every fourth frame."""
    arguments = [
        "shrink",
        str(model("yolox_nano_coco.onnx")),
        *("--frames", str(media("TUD-Stadtmitte.mp4"))),
        *("--camera", "640x480", "--most", "8", "--every", "8", "--to", str(folder), "--json"),
        *("--variant", "rect", "--variant", "int8-plain", "--variant", "int8"),
        *(("--variant", "bf16") if OPENVINO else ()),
    ]
    result = CliRunner().invoke(models, arguments)
    told = json.loads(result.stdout)
    return result.exit_code, {one["variant"]: one for one in told}


def test_a_rectangle_sees_the_same_and_is_written(
    verdicts: tuple[int, dict[str, Any]], folder: Path
) -> None:
    """On frames of the camera's proportions nothing changes, and a box loads the file."""
    told = verdicts[1]["rect"]
    (street,) = told["agreement"]

    assert told["accepted"]
    assert street["matched"] == street["reference"] == street["found"] > 20
    written = OnnxModel(folder / "yolox_nano_coco-rect.onnx")
    assert (written.height, written.width) == (320, 416)
    assert written.names[0] == "person"


@pytest.mark.parametrize("variant", ["int8-plain", "int8"])
def test_eight_bits_are_refused_for_this_network(
    verdicts: tuple[int, dict[str, Any]], folder: Path, variant: str
) -> None:
    """YOLOX-nano is made of depthwise convolutions: in eight bits it sees something else."""
    code, told = verdicts[0], verdicts[1][variant]

    assert code == 1
    assert not told["accepted"]
    assert "0.97 is the least" in told["reasons"][0]
    assert told["bytes"] < 0.5 * told["bytes_before"]
    assert [path.name for path in folder.iterdir()] == ["yolox_nano_coco-rect.onnx"]


@pytest.mark.skipif(not OPENVINO, reason="openvino is not installed")
def test_the_other_runtime_needs_no_file(
    verdicts: tuple[int, dict[str, Any]], folder: Path
) -> None:
    """OpenVINO runs the original: it is held against ONNX Runtime, and nothing is written."""
    told = verdicts[1]["bf16"]
    (street,) = told["agreement"]

    assert told["runtime"] == "openvino"
    assert told["file"] == ""
    assert street["matched"] >= 0.9 * street["reference"]
