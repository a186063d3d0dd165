"""Making people and plates illegible before a picture leaves the box."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.evidence.config import RedactPolicy
from edge.evidence.redaction import BLOCKS_ACROSS, FRAME_BLOCKS, redact
from edge.evidence.subject import Subject
from tests.unit.edge_agent.tracking import noise, view_of

BOX = [100.0, 60.0, 180.0, 200.0]


def detail(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
    """Return the share of neighbouring pixels in a row that differ."""
    return float((pixels[:, 1:] != pixels[:, :-1]).any(axis=2).mean())


def test_the_box_of_a_person_loses_its_detail() -> None:
    """Inside a box only a few blocks are left across it."""
    picture, redaction = redact(view_of(noise(), [BOX]), RedactPolicy.OBJECTS)
    inside = picture[60:200, 100:180]
    steps = (np.diff(inside[70].astype(int), axis=0) != 0).any(axis=1).sum()

    assert redaction.method == "pixelate"
    assert redaction.areas == 1
    assert steps <= BLOCKS_ACROSS
    assert redaction.block_px >= 80 // BLOCKS_ACROSS


def test_the_margin_around_a_box_is_covered_too() -> None:
    """Detectors cut off heads: a tenth on every side is covered as well."""
    original = noise()
    picture, _ = redact(view_of(original, [BOX]), RedactPolicy.OBJECTS)

    assert not np.array_equal(original[48:58, 110:170], picture[48:58, 110:170])


def test_the_still_background_stays() -> None:
    """What is neither boxed nor moving is left as it was."""
    original = noise()
    picture, _ = redact(view_of(original, [BOX]), RedactPolicy.OBJECTS)

    assert np.array_equal(original[:, 200:], picture[:, 200:])


def test_foreground_without_a_box_is_covered() -> None:
    """Somebody whom the detector missed but who moved is covered."""
    original = noise()
    foreground = np.zeros((240, 320), bool)
    foreground[100:160, 220:250] = True
    picture, redaction = redact(view_of(original, foreground=foreground), RedactPolicy.OBJECTS)

    assert redaction.areas == 1
    assert detail(picture[100:160, 220:250]) < 0.3 * detail(original[100:160, 220:250])


@pytest.mark.parametrize(
    ("policy", "sure"),
    [(RedactPolicy.WHOLE, True), (RedactPolicy.AUTO, False), (RedactPolicy.OBJECTS, False)],
    ids=["whole", "auto unsure", "objects unsure"],
)
def test_unsure_covers_the_whole_picture(policy: RedactPolicy, *, sure: bool) -> None:
    """Where nobody can say who is in it, nothing of the picture stays legible."""
    picture, redaction = redact(view_of(noise(), [BOX], sure=sure), policy)
    colours = np.unique(picture.reshape(-1, 3), axis=0)

    assert redaction.method == "frame"
    assert len(colours) <= FRAME_BLOCKS * (FRAME_BLOCKS * 320 // 240 + 1)


def test_the_original_is_not_touched() -> None:
    """Redaction works on a copy: the frame is shared with others."""
    original = noise()
    kept = original.copy()
    redact(view_of(original, [BOX], sure=False), RedactPolicy.OBJECTS)

    assert np.array_equal(kept, original)


def test_a_plate_in_a_covered_car_cannot_be_read() -> None:
    """Text of a tenth of its car's width keeps no stroke: what is left is nearly one tone."""
    picture = np.full((240, 320, 3), 200, np.uint8)
    cv2.putText(picture, "A-12345", (130, 180), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1)
    covered, _ = redact(view_of(picture, [[80.0, 60.0, 260.0, 210.0]]), RedactPolicy.OBJECTS)

    before, after = picture[165:185, 128:185], covered[165:185, 128:185]
    assert int(before.max()) - int(before.min()) == 200
    assert int(after.max()) - int(after.min()) < 100


def test_a_face_in_a_covered_person_keeps_no_features() -> None:
    """Eyes and mouth of a drawn head merge: the same person with another face looks the same."""
    faces = []
    for mouth in (False, True):
        picture = np.full((240, 320, 3), 128, np.uint8)
        cv2.circle(picture, (140, 80), 14, (180, 190, 220), -1)
        for x in (135, 145):
            cv2.circle(picture, (x, 76), 2, (20, 20, 20), -1)
        if mouth:
            cv2.ellipse(picture, (140, 87), (6, 3), 0, 0, 180, (30, 30, 120), 1)
        covered, _ = redact(view_of(picture, [BOX]), RedactPolicy.OBJECTS)
        faces.append(covered[66:94, 126:154].astype(int))

    assert int(np.abs(faces[0] - faces[1]).max()) < 40


@pytest.mark.parametrize("subject", [None, Subject("car", (700.0, 60.0, 1300.0, 460.0))])
def test_covering_somebody_never_shows_more(subject: Subject | None) -> None:
    """Where the picture is coarse already, a small person's finer blocks are not put over it."""
    person = [1000.0, 200.0, 1030.0, 260.0]
    bare, _ = redact(view_of(noise(960, 1920)), RedactPolicy.AUTO, subject)
    covered, _ = redact(view_of(noise(960, 1920), [person]), RedactPolicy.AUTO, subject)

    assert detail(covered[200:260, 1000:1030]) <= detail(bare[200:260, 1000:1030])


def test_the_same_view_gives_the_same_bytes() -> None:
    """Redaction has no chance in it: the hash of a picture is reproducible."""
    first, _ = redact(view_of(noise(), [BOX, [10.0, 10.0, 60.0, 90.0]]), RedactPolicy.OBJECTS)
    second, _ = redact(view_of(noise(), [[10.0, 10.0, 60.0, 90.0], BOX]), RedactPolicy.OBJECTS)

    assert first.tobytes() == second.tobytes()


@given(
    st.lists(
        st.tuples(*[st.floats(-400.0, 700.0)] * 4),
        max_size=6,
    )
)
def test_any_boxes_can_be_covered(boxes: list[tuple[float, ...]]) -> None:
    """Boxes outside, inverted or empty are no reason to fail."""
    picture, redaction = redact(view_of(noise(60, 80), boxes), RedactPolicy.OBJECTS)

    assert picture.shape == (60, 80, 3)
    assert redaction.areas <= len(boxes)
