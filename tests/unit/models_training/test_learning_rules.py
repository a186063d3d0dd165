"""Steps, precision, curves and changed pictures: what needs no torch."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.training.augmentation import Augmentation, Sample, augmented, plain
from models.training.curves import CurvePoint, draw_curves, read_curves, write_curves
from models.training.precision import Found, average_precision
from models.training.schedule import step_size

BOX = np.array([[10.0, 10.0, 30.0, 30.0]], np.float32)
FAR = np.array([[50.0, 50.0, 60.0, 60.0]], np.float32)


def test_steps_rise_and_fall() -> None:
    """Steps grow in a line, are largest after the warm-up, and end at the least."""
    sizes = [step_size(step, 100, largest=1.0, warm=10) for step in range(101)]

    assert sizes[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert max(sizes) == pytest.approx(sizes[10]) == 1.0
    assert sizes[10:] == sorted(sizes[10:], reverse=True)
    assert sizes[100] == pytest.approx(0.03)


def _found(boxes: list[np.ndarray], scores: list[float], truth: np.ndarray) -> Found:
    return Found(
        np.concatenate([np.empty((0, 4), np.float32), *boxes]),
        np.array(scores, np.float32),
        np.zeros(len(scores), np.int32),
        truth,
        np.zeros(len(truth), np.int64),
    )


@pytest.mark.parametrize(
    ("boxes", "scores", "expected"),
    [
        ([BOX], [0.9], 1.0),
        ([], [], 0.0),
        ([FAR], [0.9], 0.0),
        # the better box is wrong: precision is a half where everything is found
        ([FAR, BOX], [0.9, 0.8], 0.5),
        # the second box on one thing is wrong, but comes after everything is found
        ([BOX, BOX], [0.9, 0.8], 1.0),
    ],
    ids=["right", "nothing", "elsewhere", "wrong-first", "twice"],
)
def test_precision_of_one_thing(
    boxes: list[np.ndarray], scores: list[float], expected: float
) -> None:
    """Average precision of one picture with one thing in it."""
    (value,) = average_precision([_found(boxes, scores, BOX)], 1)

    assert value == pytest.approx(expected)


def test_a_class_that_is_nowhere_has_no_precision() -> None:
    """It is not a number, and does not count in the mean."""
    values = average_precision([_found([BOX], [0.9], BOX)], 2)

    assert np.isnan(values[1])


def test_curves_come_back(tmp_path: Path) -> None:
    """What was written is read, so that a run can go on; the picture is a PNG."""
    points = [
        CurvePoint(
            epoch=n,
            loss=1.5,
            box=0.5,
            presence=0.5,
            kind=0.5,
            step_size=0.001,
            ap50=0.25,
            seconds=9.0,
        )
        for n in (1, 2)
    ]
    write_curves(tmp_path / "curves.csv", points)
    draw_curves(tmp_path / "curves.png", points, "street")

    assert read_curves(tmp_path / "curves.csv") == points
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"
    assert read_curves(tmp_path / "none.csv") == []


SAMPLE = Sample(
    np.dstack([np.full((180, 320), 90, np.uint8)] * 3),
    np.array([[100.0, 60.0, 140.0, 100.0], [10.0, 10.0, 30.0, 50.0]], np.float32),
    np.array([0, 1]),
)
PLAIN = Augmentation(mosaic=0.0, mirror=0.0, scale=(1.0, 1.0), colour=0.0, noise=0.0)


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.5, 1.0]))
def test_boxes_stay_in_the_input(seed: int, mosaic: float) -> None:
    """Whatever is drawn, inputs are square, and boxes lie within them with sides of some pixels."""
    rng = np.random.default_rng(seed)

    made = augmented(lambda: SAMPLE, 160, 320, Augmentation(mosaic=mosaic), rng)

    assert made.pixels.shape == (160, 160, 3)
    assert len(made.boxes) == len(made.kinds)
    assert ((made.boxes >= 0.0) & (made.boxes <= 160.0)).all()
    assert ((made.boxes[:, 2:] - made.boxes[:, :2]) >= 2.0).all()


def test_boxes_follow_their_things() -> None:
    """A bright thing in a cut, mirrored picture lies where its box says."""
    pixels = SAMPLE.pixels.copy()
    pixels[60:100, 100:140] = 255
    sample = Sample(pixels, SAMPLE.boxes[:1], SAMPLE.kinds[:1])
    seen = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        made = augmented(lambda: sample, 160, 320, PLAIN._replace(mirror=0.5), rng)
        for left, top, right, bottom in made.boxes.round().astype(int):
            seen += 1
            assert made.pixels[top:bottom, left:right].mean() > 240

    assert seen > 10


def test_equal_draws_make_equal_inputs() -> None:
    """An input depends on the generator alone."""
    one, again = (
        augmented(lambda: SAMPLE, 160, 320, Augmentation(), np.random.default_rng(4))
        for _ in range(2)
    )

    assert np.array_equal(one.pixels, again.pixels)
    assert np.array_equal(one.boxes, again.boxes)


def test_a_plain_input_is_what_a_box_sees() -> None:
    """Scaled to fit, upper left, grey below; boxes with it."""
    made = plain(SAMPLE, 96, 160)

    assert made.pixels.shape == (96, 160, 3)
    assert made.pixels[95, 0].tolist() == [114, 114, 114]
    assert made.boxes[0].tolist() == [50.0, 30.0, 70.0, 50.0]
