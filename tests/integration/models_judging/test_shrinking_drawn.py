"""The shipped detector's variants on drawn streets: the head in eight bits, and OpenVINO's own."""

import importlib.util
import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import pytest
from click.testing import CliRunner

from edge.vision.onnx_model import OnnxModel
from edge.vision.output_layouts import Layout
from models.__main__ import main as models
from simulators.scene.street_camera import StreetCamera, scene_setting
from tests.integration.models_judging.decoded_network import write_decoded

pytestmark = pytest.mark.slow

SHIPPED = Path(str(files("models") / "zoo" / "street-sim-nano.onnx"))
OPENVINO = importlib.util.find_spec("openvino") is not None
NNCF = OPENVINO and importlib.util.find_spec("nncf") is not None
_TOLD_BY = ("NNCF_CI", "NNCF_DEV", "PYTEST_CURRENT_TEST", "CI")
"""What would make it silent in a test and leaves it loud for a user."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of drawn pictures of three streets."""
    folder = tmp_path_factory.mktemp("streets")
    for light in ("day", "night", "rain"):
        camera = StreetCamera(scene_setting(f"street-{light}"), 77, fps=2.0)
        camera.skip(60)
        for number in range(16):
            camera.skip(6)
            cv2.imwrite(str(folder / f"{light}-{number:02}.png"), camera.next_frame().picture)
    return folder


@pytest.fixture(scope="module")
def decoded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the shipped detector as one that decodes in its graph."""
    to = tmp_path_factory.mktemp("decoded") / "decoded.onnx"
    return write_decoded(SHIPPED, OnnxModel(SHIPPED).facts, to)


def verdict(network: Path, variant: str, pictures: Path, to: Path) -> dict[str, Any]:
    """Return what is said of one variant of a network."""
    arguments = ["shrink", str(network), "--variant", variant, "--frames", str(pictures)]
    arguments += ["--most", "24", "--every", "1", "--to", str(to), "--json"]
    (told,) = json.loads(CliRunner().invoke(models, arguments).stdout)
    return dict(told)


def test_a_head_in_eight_bits_leaves_no_box_and_is_refused(
    decoded: Path, pictures: Path, tmp_path: Path
) -> None:
    """What befell YOLO11n: pixels and scores share one scale, and every score becomes nought."""
    told = verdict(decoded, "int8-plain", pictures, tmp_path)
    (streets,) = told["agreement"]

    assert OnnxModel(decoded).layout is Layout.ULTRALYTICS
    assert streets["reference"] > 20
    assert streets["found"] == 0
    assert not told["accepted"]
    assert not list(tmp_path.iterdir())


def test_with_its_tail_in_full_precision_the_same_head_finds_its_boxes(
    decoded: Path, pictures: Path, tmp_path: Path
) -> None:
    """Only what follows the last convolution makes the difference; the gate judges what is left."""
    told = verdict(decoded, "int8", pictures, tmp_path)
    (streets,) = told["agreement"]

    assert streets["matched"] > 0.75 * streets["reference"]
    assert told["bytes"] < 0.5 * told["bytes_before"]


@pytest.mark.skipif(not OPENVINO, reason="openvino is not installed: pip install openvino")
def test_openvinos_bf16_is_accepted(pictures: Path, tmp_path: Path) -> None:
    """Where the processor has no bfloat16 it computes in FP32, which is as good."""
    told = verdict(SHIPPED, "bf16", pictures, tmp_path)

    assert told["runtime"] == "openvino"
    assert told["accepted"], told["reasons"]


@pytest.mark.skipif(not NNCF, reason="nncf is not installed: pip install nncf openvino")
def test_nncfs_eight_bits_are_judged_like_any_other(pictures: Path, tmp_path: Path) -> None:
    """A file that OpenVINO runs; it is written exactly where the gate lets it through."""
    told = verdict(SHIPPED, "int8-nncf", pictures, tmp_path)
    (streets,) = told["agreement"]
    share = streets["matched"] / streets["reference"]

    assert told["runtime"] == "openvino"
    assert told["bytes"] < 0.5 * told["bytes_before"]
    assert streets["reference"] > 20
    assert told["accepted"] == bool(list(tmp_path.iterdir()))
    assert not (told["accepted"] and share < 0.97)


@pytest.mark.skipif(not NNCF, reason="nncf is not installed: pip install nncf openvino")
def test_nncf_tells_nobody_of_it(pictures: Path, tmp_path: Path) -> None:
    """It sends statistics to its makers of every run, unless it is told not to before it is loaded."""
    arguments = ["shrink", str(SHIPPED), "--variant", "int8-nncf", "--frames", str(pictures)]
    arguments += ["--most", "2", "--to", str(tmp_path)]
    script = f"""
import contextlib
from models.__main__ import main
with contextlib.suppress(SystemExit):
    main({arguments!r}, standalone_mode=False)
from nncf.telemetry.wrapper import telemetry
print(type(telemetry).__name__)
"""
    own = {name: value for name, value in os.environ.items() if name not in _TOLD_BY}

    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, timeout=300, check=True, env=own
    )

    assert ended.stdout.split()[-1] == b"MagicMock"
