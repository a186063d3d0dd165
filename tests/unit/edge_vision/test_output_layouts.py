"""Telling the layouts of network outputs apart and reading them."""

import numpy as np
import pytest

from edge.vision.output_layouts import Grid, Layout, class_count, find_layout, read_boxes

_GRID = Grid(64, 64)  # 8 x 8 + 4 x 4 + 2 x 2 = 84 cells


@pytest.mark.parametrize(
    ("shape", "layout", "classes"),
    [
        pytest.param((1, 84, 85), Layout.YOLOX, 80, id="yolox-coco"),
        pytest.param((1, 84, 6), Layout.YOLOX, 1, id="yolox-one-class"),
        pytest.param((1, 84, 84), Layout.YOLOX, 79, id="square-reads-as-yolox"),
        pytest.param((1, 7, 84), Layout.ULTRALYTICS, 3, id="ultralytics"),
        pytest.param((1, 300, 6), Layout.ULTRALYTICS_NMS, None, id="ultralytics-nms"),
    ],
)
def test_layout_is_told_by_shape(
    shape: tuple[int, ...], layout: Layout, classes: int | None
) -> None:
    """The shape of the first output says the layout and the number of classes."""
    found = find_layout(shape, _GRID)

    assert layout == found
    assert classes == class_count(layout, shape)


@pytest.mark.parametrize(
    "shape", [(1, 1000), (2, 84, 85), (1, 83, 85), (1, 84, 5), (1, 84, 3, 85)], ids=str
)
def test_other_shapes_are_unknown(shape: tuple[int, ...]) -> None:
    """A classifier, a batch, a wrong grid or a fourth dimension is none of our layouts."""
    assert find_layout(shape, _GRID) is None


def test_yolox_cell_is_decoded() -> None:
    """Cell (3, 2) of stride 8 with offset one half and log size 0 is a box of 8 pixels."""
    output = np.zeros((1, 84, 7), np.float32)
    output[0, 2 * 8 + 3] = [0.5, 0.5, 0.0, np.log(2.0), 0.9, 0.1, 0.8]
    boxes = read_boxes(Layout.YOLOX, output, _GRID, 0.3)

    assert np.allclose([[24, 12, 32, 28]], boxes.xyxy)
    assert pytest.approx(0.72) == boxes.scores[0]
    assert boxes.class_id.tolist() == [1]


def test_yolox_score_is_objectness_times_class() -> None:
    """A row with high objectness but a weak class is left out."""
    output = np.zeros((1, 84, 7), np.float32)
    output[0, 0] = [0.0, 0.0, 0.0, 0.0, 0.9, 0.2, 0.3]

    assert len(read_boxes(Layout.YOLOX, output, _GRID, 0.3).scores) == 0


def test_ultralytics_column_is_decoded() -> None:
    """A column holds centre and size in input pixels, then the classes."""
    output = np.zeros((1, 7, 84), np.float32)
    output[0, :, 10] = [32, 16, 8, 4, 0.1, 0.2, 0.75]
    boxes = read_boxes(Layout.ULTRALYTICS, output, _GRID, 0.3)

    assert boxes.xyxy.tolist() == [[28.0, 14.0, 36.0, 18.0]]
    assert pytest.approx(0.75) == boxes.scores[0]
    assert boxes.class_id.tolist() == [2]


def test_ultralytics_nms_rows_are_read() -> None:
    """A row holds corners in input pixels, score, class; rows below the floor are left out."""
    output = np.zeros((1, 300, 6), np.float32)
    output[0, 0] = [1, 2, 3, 4, 0.5, 7]
    output[0, 1] = [1, 2, 3, 4, 0.1, 7]
    boxes = read_boxes(Layout.ULTRALYTICS_NMS, output, _GRID, 0.3)

    assert boxes.xyxy.tolist() == [[1.0, 2.0, 3.0, 4.0]]
    assert boxes.class_id.tolist() == [7]


@pytest.mark.parametrize(
    ("layout", "shape"),
    [
        (Layout.YOLOX, (1, 84, 7)),
        (Layout.ULTRALYTICS, (1, 7, 84)),
        (Layout.ULTRALYTICS_NMS, (1, 300, 6)),
    ],
    ids=str,
)
def test_nothing_found_is_empty(layout: Layout, shape: tuple[int, ...]) -> None:
    """An output of noughts gives no boxes, in the right shapes."""
    boxes = read_boxes(layout, np.zeros(shape, np.float32), _GRID, 0.3)

    assert boxes.xyxy.shape == (0, 4)
    assert boxes.scores.shape == (0,)
    assert boxes.class_id.shape == (0,)
