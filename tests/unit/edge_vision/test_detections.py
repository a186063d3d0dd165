"""The value object of detections."""

import numpy as np
import pytest

from edge.vision.detections import Detections

_TWO = Detections(
    np.array([[0, 0, 1, 1], [2, 2, 3, 3]], np.float32),
    np.array([0.5, 0.75], np.float32),
    np.array([1, 0], np.int32),
    ("car", "person"),
)


def test_empty_is_normal() -> None:
    """No detections have length nought, all shapes right, and can be masked."""
    empty = Detections.empty(("car",))

    assert len(empty.mask(np.zeros(0, bool))) == 0
    assert empty.xyxy.shape == (0, 4)


def test_mask_keeps_the_rows_asked_for() -> None:
    """All arrays are cut alike."""
    kept = _TWO.mask(np.array([False, True]))

    assert kept.xyxy.tolist() == [[2.0, 2.0, 3.0, 3.0]]
    assert kept.confidence.tolist() == [0.75]
    assert kept.labels() == ("car",)


@pytest.mark.parametrize(
    ("xyxy", "message"),
    [
        (np.zeros((2, 4), np.float64), r"xyxy: expected float32 \(2, 4\), got float64 \(2, 4\)"),
        (np.zeros((2, 5), np.float32), r"xyxy: expected float32 \(2, 4\), got float32 \(2, 5\)"),
        (np.zeros((3, 4), np.float32), r"confidence: expected float32 \(3,\), got float32 \(2,\)"),
    ],
    ids=["dtype", "columns", "length"],
)
def test_wrong_arrays_are_refused(
    xyxy: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]", message: str
) -> None:
    """The error says the expected and the received shape and dtype."""
    with pytest.raises(ValueError, match=message):
        Detections(xyxy, _TWO.confidence, _TWO.class_id, _TWO.class_names)
