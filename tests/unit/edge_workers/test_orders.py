"""What crosses the pipes comes out as it went in."""

from multiprocessing import Pipe

import numpy as np

from edge.vision.output_layouts import Boxes
from edge.workers.orders import Answer
from edge.workers.outlet import post


def _crossed(answer: Answer) -> Answer:
    ours, theirs = Pipe()
    with ours, theirs:
        post(ours, tuple(answer))
        return Answer(*theirs.recv())


def test_boxes_cross_a_pipe_unchanged() -> None:
    """Every number of an answer is the same on the other side, to the last bit."""
    rng = np.random.default_rng(2)
    boxes = Boxes(
        rng.random((5, 4), np.float32) * 400,
        rng.random(5, np.float32),
        np.asarray([0, 79, 3, 3, 1], np.int32),
    )
    crossed = _crossed(Answer.of(7, boxes, 0.25))
    told = crossed.boxes()

    assert told is not None
    assert (crossed.ticket, crossed.seconds) == (7, 0.25)
    assert [part.tolist() for part in boxes] == [part.tolist() for part in told]
    assert [part.dtype for part in boxes] == [part.dtype for part in told]


def test_an_answer_without_boxes_is_no_lost_answer() -> None:
    """Where nothing was found there are no boxes, and where the network failed there is no answer."""
    nothing = Boxes(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int32))
    found, lost = _crossed(Answer.of(1, nothing, 0.1)), _crossed(Answer(2, None, 0.0, "NaN"))

    assert [len(part) for part in found.boxes() or ()] == [0, 0, 0]
    assert (lost.boxes(), lost.fault) == (None, "NaN")
