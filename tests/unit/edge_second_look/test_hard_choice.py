"""Pictures worth a second look, and no more of them than wanted."""

import numpy as np
import pytest

from contracts.review import ReviewReason
from edge.second_look.config import SecondLookConfig
from edge.second_look.hard_choice import HardChoice
from edge.vision.tracks import Tracks


def tracks(*found: tuple[int, float, float]) -> Tracks:
    """Return tracks: number, confidence, seconds since it was seen."""
    count = len(found)
    return Tracks(
        np.asarray([one[0] for one in found], np.int64),
        np.zeros((count, 4), np.float32),
        np.asarray([one[1] for one in found], np.float32),
        np.zeros(count, np.int32),
        np.zeros(count),
        np.ones(count, np.int32),
        np.asarray([one[2] for one in found], float),
        ("car",),
    )


@pytest.mark.parametrize(
    ("confidence", "chosen"),
    [(0.29, False), (0.31, True), (0.49, True), (0.5, False), (0.9, False)],
    ids=str,
)
def test_what_is_unsure_is_chosen(confidence: float, chosen: bool) -> None:
    """Neither nothing nor certain."""
    choice = HardChoice(SecondLookConfig())
    reason = choice.reason(tracks((1, confidence, 0.0)), 0.0, disputed=False)

    assert reason == (ReviewReason.LOW_CONFIDENCE if chosen else None)


def test_one_reason_is_good_for_one_picture_in_a_while() -> None:
    """The same again waits for the gap; another reason does not."""
    choice = HardChoice(SecondLookConfig(gap_s=60.0))
    unsure = tracks((1, 0.4, 0.0))
    seen = [choice.reason(unsure, at_s, disputed=False) for at_s in (0.0, 59.0, 61.0)]

    assert seen == [ReviewReason.LOW_CONFIDENCE, None, ReviewReason.LOW_CONFIDENCE]
    assert choice.reason(unsure, 62.0, disputed=True) is ReviewReason.DISAGREEMENT


def test_a_thing_that_comes_and_goes_flickers() -> None:
    """The fourth return counts; a thing that merely stays does not."""
    choice = HardChoice(SecondLookConfig())
    reasons = []
    for number in range(10):
        away = 0.2 if number % 2 else 0.0
        pair = tracks((1, 0.9, away), (2, 0.9, 0.0))
        reasons.append(choice.reason(pair, float(number), disputed=False))

    assert reasons == [None] * 8 + [ReviewReason.FLICKER, None]
