"""What every detector promises, tried on each of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from edge.cameras.frame import Frame
from edge.vision.background_detector import BackgroundDetector
from edge.vision.detections import Detections
from edge.vision.onnx_detector import OnnxDetector
from edge.vision.ports import Detector
from edge.vision.scripted_detector import ScriptedDetector
from tests.contract.edge_vision.tiny_models import write_model

_AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def _onnx(folder: Path) -> Detector:
    output = np.zeros((1, 84, 7), np.float32)
    output[0, 27] = [0.5, 0.5, 1.0, 1.0, 0.9, 0.1, 0.9]
    output[0, 0] = [-9.0, -9.0, 3.0, 3.0, 0.9, 0.9, 0.1]  # reaches beyond the picture
    return OnnxDetector(write_model(folder / "tiny.onnx", output), names=("cat", "dog"))


def _openvino(folder: Path) -> Detector:
    pytest.importorskip("openvino", reason="cityloop[openvino] is not installed")
    output = np.zeros((1, 84, 7), np.float32)
    output[0, 27] = [0.5, 0.5, 1.0, 1.0, 0.9, 0.1, 0.9]
    output[0, 0] = [-9.0, -9.0, 3.0, 3.0, 0.9, 0.9, 0.1]  # reaches beyond the picture
    path = write_model(folder / "tiny.onnx", output)
    return OnnxDetector(path, names=("cat", "dog"), runtime="openvino")


def _background(folder: Path) -> Detector:
    return BackgroundDetector(calibration_s=0.05)


def _scripted(folder: Path) -> Detector:
    box = np.array([[5, 6, 50, 60]], np.float32)
    script = Detections(box, np.array([0.7], np.float32), np.array([0], np.int32), ("thing",))
    return ScriptedDetector({6: script}, names=("thing",))


_DETECTORS: list[Callable[[Path], Detector]] = [_onnx, _openvino, _background, _scripted]


@pytest.fixture(params=_DETECTORS, ids=["onnx", "openvino", "background", "scripted"])
def detector(request: pytest.FixtureRequest, tmp_path: Path) -> Detector:
    """Return a detector that finds something in frame 6 of :func:`_film`."""
    build: Callable[[Path], Detector] = request.param
    return build(tmp_path)


def _film(numbers: range, *, width: int = 200, height: int = 150) -> list[Frame]:
    frames = []
    for number in numbers:
        picture = np.full((height, width, 3), 100, np.uint8)
        if number >= 5:
            picture[40:100, 60:120] = 220
        frames.append(
            Frame.from_array(picture, camera="c", index=number, pts_s=number / 10, captured_at=_AT)
        )
    return frames


def test_detections_are_well_formed(detector: Detector) -> None:
    """Boxes lie inside the picture and have an area, scores are 0..1, classes have names."""
    found = [detector.detect(frame) for frame in _film(range(10))]

    assert sum(len(each) for each in found) > 0
    for each in found:
        assert detector.names == each.class_names
        assert (each.xyxy >= 0).all()
        assert (each.xyxy <= [200, 150, 200, 150]).all()
        assert (each.xyxy[:, 2:] > each.xyxy[:, :2]).all()
        assert ((each.confidence >= 0) & (each.confidence <= 1)).all()
        assert ((each.class_id >= 0) & (each.class_id < len(detector.names))).all()


def test_the_foreground_has_the_frames_size_or_is_unknown(detector: Detector) -> None:
    """A detector that knows a background gives a bool mask of the frame; others give None."""
    for frame in _film(range(7)):
        detector.detect(frame)
        mask = detector.foreground(frame)

    assert mask is None or (mask.shape == (150, 200) and mask.dtype == bool)


def test_the_same_film_gives_the_same_boxes(detector: Detector) -> None:
    """After a reset, a film is seen as it was the first time."""
    first = [detector.detect(frame).xyxy.tolist() for frame in _film(range(8))]
    detector.reset()
    second = [detector.detect(frame).xyxy.tolist() for frame in _film(range(8))]

    assert first == second


def test_a_picture_of_another_size_is_taken(detector: Detector) -> None:
    """A camera that changes its resolution breaks nothing."""
    for frame in [*_film(range(3)), *_film(range(3, 6), width=320, height=90)]:
        detector.detect(frame)


def test_the_detector_names_itself(detector: Detector) -> None:
    """Messages carry which model saw something."""
    assert detector.model_id
    assert detector.names
