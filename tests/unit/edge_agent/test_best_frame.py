"""The best picture of each track."""

import cv2
import numpy as np
import pytest

from edge.evidence.best_frame import BestFrames, picture_score
from tests.unit.edge_agent.tracking import noise, tracks_of, view_of

SHARP = noise()
BLURRED = np.asarray(cv2.GaussianBlur(SHARP, (15, 15), 0), np.uint8)
BOX = (100.0, 60.0, 180.0, 200.0)


def score(
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    box: tuple[float, ...] = BOX,
    confidence: float = 0.9,
) -> float:
    """Return the score of one box in a picture."""
    luma = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    return picture_score(luma, np.asarray(box, np.float32), confidence)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (score(SHARP), score(BLURRED)),
        (score(SHARP), score(SHARP, (120.0, 100.0, 150.0, 150.0))),
        (score(SHARP), score(SHARP, (240.0, 60.0, 320.0, 200.0))),
        (score(SHARP), score(SHARP, confidence=0.4)),
        (score(SHARP), score(SHARP, (400.0, 60.0, 420.0, 200.0))),
    ],
    ids=["sharp", "large", "whole", "confident", "inside"],
)
def test_what_makes_a_picture_better(better: float, worse: float) -> None:
    """Sharp beats blurred, large small, whole cut off, confident doubtful, inside outside."""
    assert better > worse


def test_the_better_view_is_held() -> None:
    """A blurred view gives way to a sharp one, and not the other way round."""
    frames, tracks = BestFrames(), tracks_of([(1, BOX, "person")])
    sharp = view_of(SHARP, index=1)
    for view in (view_of(BLURRED, index=0), sharp, view_of(BLURRED, index=2)):
        frames.offer(view, tracks)

    assert frames.best(1) is sharp


def test_a_sure_view_beats_any_unsure_one() -> None:
    """A view whose people are known is worth more than a sharper one to be covered as a whole."""
    frames, tracks = BestFrames(), tracks_of([(1, BOX, "person")])
    sure = view_of(BLURRED, index=1)
    for view in (view_of(SHARP, sure=False), sure, view_of(SHARP, sure=False, index=2)):
        frames.offer(view, tracks)

    assert frames.best(1) is sure


def test_memory_is_bounded() -> None:
    """No more than the given number of frames are held, however many tracks there are."""
    frames = BestFrames(max_views=3)
    for number in range(10):
        box = (100.0, 60.0, 150.0 + number, 200.0)
        frames.offer(view_of(SHARP, index=number), tracks_of([(number, box, "person")]))

    held = {id(frames.best(number)) for number in range(10) if frames.best(number) is not None}
    assert len(held) <= 3


def test_tracks_that_are_gone_are_forgotten() -> None:
    """Only tracks that are kept have a best view."""
    frames = BestFrames()
    frames.offer(view_of(SHARP), tracks_of([(1, BOX, "person"), (2, BOX, "person")]))
    frames.keep([2])

    assert frames.best(1) is None
    assert frames.best(2) is not None
