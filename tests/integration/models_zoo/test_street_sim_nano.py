"""The detector that ships: small, described, read by a box, and able to see drawn streets."""

from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from edge.cameras.frame import Frame
from edge.cameras.picture import ArrayPicture
from edge.vision.onnx_detector import OnnxDetector
from simulators.scene.detected import DETECTED_CLASSES, class_of
from simulators.scene.street_camera import StreetCamera, scene_setting

MODEL = Path(str(files("models") / "zoo" / "street-sim-nano.onnx"))


@pytest.fixture(scope="module")
def detector() -> OnnxDetector:
    """The detector as a box loads it."""
    return OnnxDetector(MODEL)


def test_it_is_small_and_knows_its_classes(detector: OnnxDetector) -> None:
    """At most 6 MB, nine classes in the simulator's order, a wide input."""
    assert MODEL.stat().st_size <= 6_000_000
    assert detector.names == DETECTED_CLASSES
    assert detector.input_px == (288, 512)


def test_it_says_where_it_comes_from() -> None:
    """Licence and data set are in the file; no path of the machine that made it is."""
    facts = onnxruntime.InferenceSession(str(MODEL)).get_modelmeta().custom_metadata_map
    network = onnx.load(str(MODEL))
    for weights in network.graph.initializer:
        # numbers may spell anything
        weights.ClearField("raw_data")
    told = network.SerializeToString()

    assert facts["licence"] == "Apache-2.0"
    assert facts["dataset"] == "street4@b3f8488b16310ce5"
    assert len(told) < 0.1 * MODEL.stat().st_size
    assert not any(word in told for word in (b"/home/", b"/tmp/", b"/root/", b".py"))


def test_its_card_tells_the_limits() -> None:
    """Every class, the training command, and that it knows drawn scenes only."""
    card = MODEL.with_suffix(".md").read_text(encoding="utf-8")

    assert all(f"`{name}`" in card for name in DETECTED_CLASSES)
    assert "cityloop models train" in card
    assert "never seen a photograph" in card
    assert MODEL.with_name("street-sim-nano-curves.png").exists()


@pytest.mark.parametrize("light", ["day", "night", "rain"])
def test_it_sees_the_vehicles_of_a_street(detector: OnnxDetector, light: str) -> None:
    """Of plainly seen vehicles in a scene that it never saw most are found, and little else is."""
    camera = StreetCamera(scene_setting(f"street-{light}"), 77, fps=2.0)
    camera.skip(60)
    wanted = found = wrong = looked = 0
    for number in range(16):
        drawn = camera.next_frame()
        camera.skip(3)
        seen = detector.detect(_frame(number, drawn.picture))
        sure = seen.mask(seen.confidence >= 0.45)
        looked += len(sure)
        free = np.ones(len(sure), bool)
        for label in drawn.labels:
            name = class_of(label.label)
            if name is None:
                continue
            overlap = _overlaps(np.array(label.box_xyxy), sure.xyxy)
            same = overlap * (sure.class_id == DETECTED_CLASSES.index(name)) * free
            left, top, right, bottom = label.box_xyxy
            hit = bool(len(same)) and bool(same.max() >= 0.4)
            if hit:
                free[int(same.argmax())] = False
            plain = name in {"car", "truck_bus"} and label.visible > 0.8
            if plain and (right - left) * (bottom - top) > 800.0:
                wanted += 1
                found += hit
        wrong += int(free.sum())

    assert wanted >= 8
    assert found >= 0.6 * wanted
    assert wrong <= 0.3 * looked


def _frame(number: int, pixels: np.ndarray) -> Frame:
    return Frame(
        camera="street",
        index=number,
        pts_s=float(number),
        captured_at=datetime(2026, 1, 1, tzinfo=UTC),
        picture=ArrayPicture(pixels),
    )


def _overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    common = np.clip(high - low, 0.0, None).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    return np.asarray(common / np.maximum(areas - common, 1e-9))
