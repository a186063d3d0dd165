"""Pictures about one subject: only it can be made out, and not who or whose it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.evidence.config import RedactPolicy
from edge.evidence.redaction import (
    BLOCKS_ACROSS,
    FRAME_BLOCKS,
    PLACE_BLOCKS,
    SUBJECT_BLOCKS,
    redact,
)
from edge.evidence.subject import Subject
from tests.unit.edge_agent.tracking import noise, view_of

Pixels = NDArray[np.uint8]
BOX = (60.0, 40.0, 260.0, 200.0)


def colours(picture: Pixels) -> int:
    """Return how many different colours there are: at most one a block."""
    return len(np.unique(picture.reshape(-1, 3), axis=0))


def around(picture: Pixels, box: tuple[float, float, float, float] = BOX) -> Pixels:
    """Return the pixels of the 320 x 240 picture that are well outside a box, in a row."""
    outside = np.ones(picture.shape[:2], bool)
    outside[
        max(0, int(box[1]) - 40) : int(box[3]) + 40, max(0, int(box[0]) - 40) : int(box[2]) + 40
    ] = False
    return np.asarray(picture[outside], np.uint8)


@pytest.mark.parametrize("label", ["person", "car", "handbag"])
def test_everything_but_the_subject_is_coarse(label: str) -> None:
    """Around the subject there are no more colours than blocks of a frame that is covered whole."""
    picture, redaction = redact(view_of(noise()), RedactPolicy.AUTO, Subject(label, BOX))

    assert redaction.method == "subject"
    assert colours(around(picture)[None]) <= FRAME_BLOCKS * (FRAME_BLOCKS * 320 // 240 + 1)


@pytest.mark.parametrize(
    ("label", "sure", "most"),
    [("person", True, BLOCKS_ACROSS), ("car", True, SUBJECT_BLOCKS), ("car", False, BLOCKS_ACROSS)],
    ids=["person", "vehicle", "whatever moves"],
)
def test_the_subject_is_too_coarse_to_be_recognised(label: str, *, sure: bool, most: int) -> None:
    """A person keeps eight blocks across, a vehicle 64; what may be a person counts as one."""
    picture, redaction = redact(view_of(noise(), sure=sure), RedactPolicy.AUTO, Subject(label, BOX))
    row = picture[120, 61:259]
    steps = int(np.any(row[1:] != row[:-1], axis=1).sum())

    assert steps <= most * 1.3
    assert redaction.block_px >= 160 * 1.2 / most


def test_a_person_before_the_vehicle_is_covered_again() -> None:
    """Who stands within the subject's box is covered as a person; the vehicle's own box is not."""
    person = [150.0, 80.0, 190.0, 190.0]
    view = view_of(noise(), [list(BOX), person])
    with_him, redaction = redact(view, RedactPolicy.AUTO, Subject("car", BOX))
    without, _ = redact(view_of(noise(), [list(BOX)]), RedactPolicy.AUTO, Subject("car", BOX))

    assert redaction.areas == 2
    assert colours(with_him[90:180, 155:185]) < 0.5 * colours(without[90:180, 155:185])


def test_a_place_is_reduced_as_a_whole_and_people_in_it_further() -> None:
    """Without a subject nothing is finer than 160 blocks along the picture, found or missed."""
    large = noise(480, 640)
    picture, redaction = redact(view_of(large, [[100, 100, 200, 400]]), RedactPolicy.AUTO)
    block = -(-640 // PLACE_BLOCKS)

    assert (redaction.method, redaction.block_px, redaction.areas) == ("place", block, 1)
    assert colours(picture) <= PLACE_BLOCKS * (PLACE_BLOCKS * 480 // 640 + 1)
    assert colours(picture[100:400, 100:200]) < 400


def test_a_place_that_nobody_can_vouch_for_is_covered_alike() -> None:
    """Unsure: the whole frame."""
    _, redaction = redact(view_of(noise(), sure=False), RedactPolicy.AUTO)

    assert redaction.method == "frame"


@settings(max_examples=40, deadline=None)
@given(
    box=st.tuples(
        st.floats(-50, 400), st.floats(-50, 300), st.floats(-50, 400), st.floats(-50, 300)
    ),
    label=st.sampled_from(["person", "car", "bag"]),
    sure=st.booleans(),
)
def test_no_box_however_odd_leaves_a_fine_picture(
    box: tuple[float, float, float, float], label: str, *, sure: bool
) -> None:
    """Inverted, outside or empty boxes: never more detail than blocks of frame and subject allow."""
    picture, _ = redact(view_of(noise(), sure=sure), RedactPolicy.AUTO, Subject(label, box))
    most = FRAME_BLOCKS * (FRAME_BLOCKS * 320 // 240 + 1) + (SUBJECT_BLOCKS + 2) ** 2

    assert picture.shape == (240, 320, 3)
    assert colours(picture) <= most
