"""What is masked is black in every picture that a box makes."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cameras.frame import Frame
from edge.config import check_edge_config
from edge.evidence.config import RedactPolicy
from edge.evidence.redaction import redact
from edge.evidence.view import View
from edge.preview.drawing import preview_picture
from runtime.errors import ConfigError
from runtime.yaml_document import parse_document

MASK = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
CAMERA = """
box: {district: d, site: s, box: b}
cameras:
- id: c-1
  source: {file: a.mp4}
  detector: {kind: background}
  evidence: {redact: objects}
  masks: [{id: window, polygon: MASK}]
"""


def view(*, sure: bool = True) -> View:
    """Return a white picture, masked in its middle, with a person at its left."""
    frame = Frame.from_array(
        np.full((120, 200, 3), 255, np.uint8),
        camera="c-1",
        index=0,
        pts_s=0.0,
        captured_at=datetime(2026, 7, 1, tzinfo=UTC),
    )
    return View(
        frame=frame,
        hidden_xyxy=np.array([[5.0, 10.0, 80.0, 100.0]]),
        foreground=None,
        sure=sure,
        masks=(MASK,),
    )


@given(
    policy=st.sampled_from(list(RedactPolicy)),
    sure=st.booleans(),
    x=st.floats(0.3, 0.7),
    y=st.floats(0.35, 0.65),
)
def test_no_policy_shows_what_is_masked(
    policy: RedactPolicy, sure: bool, x: float, y: float
) -> None:
    """Deep inside the mask every pixel is black, however the rest is redacted."""
    seen = view(sure=sure)
    picture, _ = redact(seen, policy)

    assert picture[round(y * 120), round(x * 200)].max() == 0
    assert seen.frame.bgr().min() == 255


def test_the_preview_shows_it_no_more_than_evidence_does() -> None:
    """The middle of the JPEG is dark."""
    config = check_edge_config(parse_document(CAMERA.replace("MASK", str([*map(list, MASK)])), "x"))
    import cv2  # noqa: PLC0415 - only here

    jpeg = preview_picture(view(), None, config.cameras[0])
    assert jpeg is not None
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None

    assert picture[50:70, 90:110].max() < 16
    assert picture[110, 190].min() > 200


@pytest.mark.parametrize(
    ("polygon", "expected"),
    [
        ("[[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]", "simple polygon"),
        ("[[0.1, 0.1], [1.2, 0.9], [0.9, 0.1]]", "<= 1.0"),
        ("[[0.1, 0.1], [0.2, 0.2]]", "masks[0].polygon"),
    ],
    ids=["crosses itself", "outside", "two corners"],
)
def test_a_mask_that_hides_something_else_is_refused(polygon: str, expected: str) -> None:
    """A wrong mask must not look as if it protected somebody."""
    with pytest.raises(ConfigError) as caught:
        check_edge_config(parse_document(CAMERA.replace("MASK", polygon), "x"))

    assert expected in str(caught.value)
