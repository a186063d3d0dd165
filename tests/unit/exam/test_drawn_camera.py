"""A drawn camera as a source of frames, and the detector that errs at a stated rate."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from cityloop.exam.drawn_camera import DrawnSource, ErringDetector
from edge.errors import CameraEnded, CameraFault
from simulators.city.camera_declaration import DetectorDeclaration
from simulators.city.city_document import load_city
from simulators.city.scene_cameras import SceneCamera

START = datetime(2026, 9, 7, tzinfo=UTC)
CAMERA: SceneCamera = load_city("school-rush", 1).cameras[1]


def _share(rates: DetectorDeclaration, frames: int = 100) -> tuple[float, int]:
    """Return the share of bodies found, and how many boxes there were too many."""
    source = DrawnSource(CAMERA, START, 60.0, lambda _: None)
    source.open()
    detector = ErringDetector(source, rates, CAMERA)
    shown = found = 0
    for index in range(frames):
        frame = source.read(0.0)
        assert frame is not None
        shown += sum(label.visible >= 0.25 for label in source.labels(index))
        found += len(detector.detect(frame))
    return found / shown, found - shown


def test_frames_come_at_their_moments_and_then_the_camera_ends() -> None:
    """Frame n is n / fps seconds after the start; after the last one the recording is over."""
    source = DrawnSource(CAMERA, START, 0.4, lambda _: None)
    source.open()
    frames = [source.read(0.0), source.read(0.0)]

    assert [frame and (frame.captured_at - START).total_seconds() for frame in frames] == [0.0, 0.2]
    with pytest.raises(CameraEnded):
        source.read(0.0)


def test_a_camera_that_is_not_open_is_no_camera() -> None:
    """Reading without opening is a fault of the caller's."""
    with pytest.raises(CameraFault):
        DrawnSource(CAMERA, START, 1.0, lambda _: None).read(0.0)


def test_a_perfect_detector_finds_whom_one_can_see() -> None:
    """With recall 1 and no ghosts every body that is seen has a box, and nothing else has."""
    rates = DetectorDeclaration(recall=1.0, false_per_minute=0.0, jitter=0.0)

    assert _share(rates) == (1.0, 0)


def test_misses_come_at_the_stated_rate() -> None:
    """A recall of 0.8 finds some 80 of 100, over many bodies and seconds."""
    share, _ = _share(DetectorDeclaration(recall=0.8, false_per_minute=0.0), frames=250)

    assert share == pytest.approx(0.8, abs=0.06)


def test_ghosts_come_at_the_stated_rate() -> None:
    """Thirty a minute are some ten in twenty seconds, each of a second: fifty boxes of five a second."""
    _, more = _share(DetectorDeclaration(recall=1.0, false_per_minute=30.0, jitter=0.0))

    assert 20 <= more <= 80
    assert more % 5 == 0


def test_equal_seeds_err_equally() -> None:
    """Two runs give the same boxes, another seed others."""

    def boxes(camera: SceneCamera) -> list[np.ndarray]:
        source = DrawnSource(camera, START, 60.0, lambda _: None)
        source.open()
        detector = ErringDetector(source, camera.detector, camera)
        frames = [source.read(0.0) for _ in range(20)]
        return [detector.detect(frame).xyxy for frame in frames if frame is not None]

    one, two, other = boxes(CAMERA), boxes(CAMERA), boxes(replace(CAMERA, seed=99))

    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_an_onnx_detector_is_looked_for_beside_the_scenario(tmp_path: Path) -> None:
    """The model's path is taken from where the scenario's file lies."""
    path = tmp_path / "own.yaml"
    path.write_text(
        "name: own\ntitle: {zh: 自, en: own}\nstart: 2026-06-01T00:00:00+08:00\nlasts: 1m\n"
        "cameras:\n- {id: c, scene: street-day, detector: {kind: onnx, model: m.onnx}}\n",
        encoding="utf-8",
    )

    assert load_city(str(path), 1).folder == tmp_path.resolve()
