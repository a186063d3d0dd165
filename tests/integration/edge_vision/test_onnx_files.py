"""Model files as they come: good ones of every layout, and bad ones."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from edge.cameras.frame import Frame
from edge.errors import ModelError
from edge.vision.onnx_detector import OnnxDetector
from tests.contract.edge_vision.tiny_models import SIZE, write_model

_NAMES = ("cat", "dog", "fox")


def _frame(width: int = 128, height: int = 64) -> Frame:
    return Frame.from_array(
        np.full((height, width, 3), 90, np.uint8),
        camera="c",
        index=0,
        pts_s=0.0,
        captured_at=datetime(2026, 7, 1, tzinfo=UTC),
    )


def _ultralytics() -> NDArray[np.float32]:
    """Return one fox at centre (32, 32) of the input, 16 x 8 pixels."""
    output = np.zeros((1, 4 + len(_NAMES), 84), np.float32)
    output[0, :, 5] = [32, 32, 16, 8, 0.0, 0.1, 0.8]
    return output


def test_yolox_boxes_come_back_in_picture_pixels(tmp_path: Path) -> None:
    """Cell (4, 2) of stride 8 in a picture twice as wide as the input: everything doubles."""
    output = np.zeros((1, 84, 8), np.float32)
    output[0, 2 * 8 + 4] = [0.0, 0.0, np.log(2.0), np.log(1.0), 1.0, 0.0, 0.9, 0.0]
    detector = OnnxDetector(write_model(tmp_path / "m.onnx", output), names=_NAMES)
    found = detector.detect(_frame())

    assert np.allclose([[48, 24, 80, 40]], found.xyxy, atol=1e-3)
    assert found.labels() == ("dog",)
    assert pytest.approx([0.9]) == found.confidence.tolist()


def test_ultralytics_boxes_come_back_in_picture_pixels(tmp_path: Path) -> None:
    """The picture lies in the middle of the input: 16 rows of grey above it are taken off."""
    detector = OnnxDetector(write_model(tmp_path / "m.onnx", _ultralytics()), names=_NAMES)
    found = detector.detect(_frame())

    assert np.allclose([[48, 24, 80, 40]], found.xyxy, atol=1e-3)
    assert found.labels() == ("fox",)


def test_ultralytics_with_nms_inside_is_read(tmp_path: Path) -> None:
    """Rows of corners, score and class are taken as they are."""
    output = np.zeros((1, 300, 6), np.float32)
    output[0, 0] = [24, 28, 40, 36, 0.8, 2]
    detector = OnnxDetector(write_model(tmp_path / "m.onnx", output), names=_NAMES)
    found = detector.detect(_frame())

    assert np.allclose([[48, 24, 80, 40]], found.xyxy, atol=1e-3)
    assert found.labels() == ("fox",)


def test_names_are_read_from_the_file(tmp_path: Path) -> None:
    """Ultralytics writes its class names into the file; they need not be configured."""
    metadata = {"names": "{0: 'cat', 1: 'dog', 2: 'fox'}", "task": "detect"}
    path = write_model(tmp_path / "m.onnx", _ultralytics(), metadata=metadata)

    assert OnnxDetector(path).names == _NAMES


def test_half_precision_is_run(tmp_path: Path) -> None:
    """A float16 model gets a float16 picture and gives the same box."""
    path = write_model(tmp_path / "m.onnx", _ultralytics(), dtype=TensorProto.FLOAT16)
    found = OnnxDetector(path, names=_NAMES).detect(_frame())

    assert np.allclose([[48, 24, 80, 40]], found.xyxy, atol=0.1)


def test_a_free_input_size_is_chosen(tmp_path: Path) -> None:
    """Where the file leaves the size open, the configured one is used."""
    path = write_model(tmp_path / "m.onnx", _ultralytics(), size="free")
    found = OnnxDetector(path, names=_NAMES, input_size=(SIZE, SIZE)).detect(_frame())

    assert found.labels() == ("fox",)


def test_only_wanted_classes_are_returned(tmp_path: Path) -> None:
    """A filter by name leaves the others out."""
    path = write_model(tmp_path / "m.onnx", _ultralytics())

    assert len(OnnxDetector(path, names=_NAMES, classes=["cat"]).detect(_frame())) == 0
    assert len(OnnxDetector(path, names=_NAMES, classes=["fox"]).detect(_frame())) == 1


def test_the_model_is_named_by_its_content(tmp_path: Path) -> None:
    """The id is the stem and the beginning of the file's SHA-256."""
    path = write_model(tmp_path / "street.onnx", _ultralytics())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()

    assert f"street-{digest[:8]}" == OnnxDetector(path, names=_NAMES).model_id


def _shape(*shape: int) -> NDArray[np.float32]:
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("output", "changes", "message"),
    [
        (_shape(1, 1000), {}, r"first: \[1, 1000\].*known layouts: YOLOX .* N = 84"),
        (_shape(1, 83, 8), {}, r"which is not the layout 'auto'"),
        (_ultralytics(), {"layout": "yolox"}, "which is not the layout 'yolox'"),
        (_ultralytics(), {"layout": "ssd"}, "layout 'ssd' is unknown; choose one of auto, yolox"),
        (_ultralytics(), {"names": None}, "it has 3 classes, but none names are known"),
        (_ultralytics(), {"names": ("cat",)}, "it has 3 classes, but 1 names are known"),
        (_ultralytics() * np.float32("nan"), {}, "not finite"),
        (_ultralytics(), {"classes": ["cow"]}, "it has no class cow; it has cat, dog, fox"),
    ],
    ids=[
        "classifier",
        "wrong-grid",
        "insisted",
        "unheard-of",
        "no-names",
        "few-names",
        "nan",
        "class",
    ],
)
def test_models_that_do_not_fit_are_refused(
    tmp_path: Path, output: NDArray[np.float32], changes: dict[str, object], message: str
) -> None:
    """The error names the file, what was found and what is known."""
    path = write_model(tmp_path / "m.onnx", output)
    options: dict[str, object] = {"names": _NAMES} | changes

    with pytest.raises(ModelError, match=message) as caught:
        OnnxDetector(path, **options)  # type: ignore[arg-type] # the table mixes types
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 bytes that are not a usable ONNX file"),
        (b"# a text\n" * 20, "180 bytes that are not a usable ONNX file"),
        (None, "No such file or directory; check the path of the model"),
    ],
    ids=["empty", "text", "missing"],
)
def test_files_that_are_no_models_are_refused(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    """Not ONNX, or not there: one clear error that names the file."""
    path = tmp_path / "m.onnx"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ModelError, match=message) as caught:
        OnnxDetector(path)
    assert str(path) in str(caught.value)


def test_an_input_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    """A network for one grey channel is told apart before it is run."""
    path = write_model(tmp_path / "m.onnx", _ultralytics(), channels=1)

    with pytest.raises(ModelError, match="expected one float input 1 x 3 x height x width"):
        OnnxDetector(path, names=_NAMES)
