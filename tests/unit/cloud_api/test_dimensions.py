"""How large a picture is."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.evidence.dimensions import picture_size

_PICTURE = np.zeros((48, 64, 3), np.uint8)
_JPEG = cv2.imencode(".jpg", _PICTURE)[1].tobytes()
_PNG = cv2.imencode(".png", _PICTURE)[1].tobytes()
_PROGRESSIVE = cv2.imencode(".jpg", _PICTURE, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
_EXIF = b"\xff\xd8\xff\xe1\x00\x08Exif\x00\x00\xff" + _JPEG[2:]


@pytest.mark.parametrize(
    "content",
    [_JPEG, _PNG, _PROGRESSIVE, _EXIF],
    ids=["jpeg", "png", "progressive jpeg", "fill byte and exif"],
)
def test_the_size_is_read(content: bytes) -> None:
    """Columns come first, then rows."""
    assert picture_size(content) == (64, 48)


@pytest.mark.parametrize("keep", [0, 2, 20, 100], ids=["nothing", "start", "cut", "tables"])
def test_a_cut_picture_has_none(keep: int) -> None:
    """Bytes that end before the size stands there say nothing."""
    assert picture_size(_JPEG[:keep]) is None


@given(st.binary(max_size=200))
def test_no_bytes_break_it(content: bytes) -> None:
    """Whatever comes, there is a size of at least one by one, or none."""
    size = picture_size(content)

    assert size is None or min(size) >= 1
