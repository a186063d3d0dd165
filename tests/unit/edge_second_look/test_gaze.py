"""What a further network finds hard waits for a frame in which the first has looked for people."""

import numpy as np

from contracts.review import ReviewReason
from edge.further_eyes import FurtherLook
from edge.second_look.config import SecondLookConfig
from edge.second_look.gaze import Gaze
from edge.vision.tracks import Tracks
from tests.unit.edge_second_look.test_hard_choice import tracks

CONFIG = SecondLookConfig(gap_s=600.0)
NOTHING = Tracks.empty(("smoke",))


def look(confidence: float) -> FurtherLook:
    """Return what a network has just seen."""
    return FurtherLook("fire", "smoke-1a2b3c4d", tracks((1, confidence, 0.0)))


def test_a_picture_is_made_when_the_first_network_looks() -> None:
    """Once, with what the further one saw last."""
    gaze = Gaze("c-1", CONFIG, "fire")
    nothing_yet = gaze.settle(0.0)
    gaze.owe(look(0.4), 1.0, disputed=False)
    gaze.owe(look(0.45), 3.0, disputed=False)
    owed = gaze.settle(4.0)

    assert nothing_yet is None
    assert owed is not None
    assert owed[0] is ReviewReason.LOW_CONFIDENCE
    assert owed[1].tracks.confidence.tolist() == [np.float32(0.45)]
    assert gaze.settle(5.0) is None


def test_what_is_gone_gets_no_picture_and_costs_no_gap() -> None:
    """The next unsure finding is worth a picture at once, not ten minutes later."""
    gaze = Gaze("c-1", CONFIG, "fire")
    gaze.owe(look(0.4), 1.0, disputed=False)
    gaze.owe(FurtherLook("fire", "smoke-1a2b3c4d", NOTHING), 3.0, disputed=False)
    gone = gaze.settle(4.0)
    gaze.owe(look(0.4), 5.0, disputed=False)
    again = gaze.settle(6.0)

    assert gone is None
    assert again is not None


def test_a_disagreement_about_nothing_is_kept() -> None:
    """The candidate saw something where the network sees none: that is what it is about."""
    gaze = Gaze("c-1", CONFIG, "fire")
    gaze.owe(FurtherLook("fire", "smoke-1a2b3c4d", NOTHING), 3.0, disputed=True)
    owed = gaze.settle(4.0)

    assert owed is not None
    assert owed[0] is ReviewReason.DISAGREEMENT


def test_another_scene_is_no_picture_of_it() -> None:
    """After a break, a minute, or a step back in time nothing is owed any more."""
    found = []
    for at_s, broken in ((62.0, False), (0.5, False), (4.0, True), (4.0, False)):
        gaze = Gaze("c-1", CONFIG, "fire")
        gaze.owe(look(0.4), 1.0, disputed=False)
        if broken:
            gaze.forget()
        found.append(gaze.settle(at_s) is not None)

    assert found == [False, False, False, True]
