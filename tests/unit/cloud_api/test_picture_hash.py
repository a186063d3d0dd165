"""The same picture has nearly the same hash; what has no structure has none."""

import io
import random
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from benchmarks._drawn_pictures import as_jpeg, passed_on, street
from cloud_api.duplicates.pictures import look_alike
from cloud_api.evidence.picture_hash import HASH_BYTES, NO_HASH, hash_picture
from cloud_api.evidence.stripping import strip_metadata

STREETS = [street(random.Random(number)) for number in range(24)]
NOISE = np.random.default_rng(7).normal(0, 3, (180, 240))
DOWN, ALONG = np.mgrid[0:180, 0:240]


def _hash(picture: Image.Image) -> int:
    made = hash_picture("image/jpeg", as_jpeg(picture))
    assert len(made) == HASH_BYTES
    return int.from_bytes(made)


HASHES = [_hash(each) for each in STREETS]


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, len(STREETS) - 1),
    st.floats(0.5, 1.5),
    st.floats(0.75, 1.25),
    st.integers(30, 95),
)
def test_a_picture_that_was_passed_on_stays_the_same(
    number: int, scale: float, brightness: float, quality: int
) -> None:
    """Smaller or larger, darker or brighter and coarser: it is known again."""
    sent = passed_on(STREETS[number], scale=scale, brightness=brightness, quality=quality)

    assert look_alike(_hash(sent), HASHES[number])


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(10_001, 20_000))
def test_pictures_of_two_streets_are_two(one: int, other: int) -> None:
    """They are drawn by one hand, and yet not taken for one."""
    first, second = (_hash(street(random.Random(seed))) for seed in (one, other))

    assert not look_alike(first, second)


def test_a_png_and_a_jpeg_of_one_picture_are_one() -> None:
    """A telephone's picture of its screen is a PNG."""
    written = io.BytesIO()
    STREETS[0].save(written, "PNG")

    made = hash_picture("image/png", written.getvalue())

    assert look_alike(int.from_bytes(made), HASHES[0])


def test_a_picture_that_its_metadata_turn_is_the_turned_one() -> None:
    """One programme turns the picture, another one writes that it has to be."""
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter clockwise, to be seen upright
    written = io.BytesIO()
    STREETS[0].rotate(90, expand=True).save(written, "JPEG", quality=90, exif=exif)

    made = hash_picture("image/jpeg", strip_metadata("image/jpeg", written.getvalue()))

    assert look_alike(int.from_bytes(made), HASHES[0])


def _lamps(count: int) -> "np.typing.NDArray[np.float64]":
    night = np.full((180, 240), 8.0)
    for number in range(count):
        night[20 + 30 * number : 30 + 30 * number, 40 + 50 * number : 52 + 50 * number] = 250.0
    return night


@pytest.mark.parametrize(
    "grey",
    [
        pytest.param(np.zeros((180, 240)), id="black"),
        pytest.param(12.0 + NOISE, id="night"),
        pytest.param(128.0 + NOISE, id="a wall"),
        pytest.param(_lamps(1) + NOISE, id="a lamp"),
        pytest.param(_lamps(4) + NOISE, id="lamps"),
        pytest.param(ALONG * 1.0, id="shade along"),
        pytest.param(DOWN * 1.3, id="shade down"),
        pytest.param(np.where(DOWN > 90, 200.0, 30.0) + NOISE, id="horizon"),
        pytest.param(220 - np.hypot(ALONG - 120, DOWN - 90) * 1.2 + NOISE, id="vignette"),
        pytest.param(np.kron(40.0 * (np.arange(12).reshape(3, 4) % 5), np.ones((60, 60))), id="mosaic"),
    ],
)  # fmt: skip
def test_what_has_no_structure_has_no_hash(grey: "np.typing.NDArray[np.float64]") -> None:
    """It would look like every other picture of its sort."""
    picture = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))

    assert hash_picture("image/jpeg", as_jpeg(picture)) == NO_HASH


def _png_of(width: int, height: int) -> bytes:
    """Return a small PNG of very many black pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        whole = kind + body
        return struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width // 8 + 1) * 1000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _many_scans() -> bytes:
    """Return a JPEG whose last scan is repeated: it costs a pass over the picture each time."""
    written = io.BytesIO()
    STREETS[0].save(written, "JPEG", progressive=True)
    content = written.getvalue()
    scan = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + scan * 100 + content[-2:]


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        pytest.param("image/jpeg", b"\xff\xd8\xff\xe0 no picture", id="broken jpeg"),
        pytest.param("image/png", b"\x89PNG\r\n\x1a\n no picture", id="broken png"),
        pytest.param("image/jpeg", as_jpeg(STREETS[0])[:900], id="cut off"),
        pytest.param("image/png", as_jpeg(STREETS[0]), id="jpeg as png"),
        pytest.param("image/png", _png_of(60_000, 60_000), id="bomb"),
        pytest.param("image/png", _png_of(9_000, 9_000), id="large"),
        pytest.param("image/jpeg", _many_scans(), id="scans"),
        pytest.param("video/mp4", b"\x00\x00\x00\x18ftypisom a clip", id="clip"),
    ],
)
def test_what_cannot_be_decoded_has_no_hash(media_type: str, content: bytes) -> None:
    """Evidence is kept all the same, so nothing is raised."""
    assert hash_picture(media_type, content) == NO_HASH


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        pytest.param("image/png", _png_of(9_000, 9_000), id="large"),
        pytest.param("image/jpeg", _many_scans(), id="scans"),
    ],
)
def test_a_bomb_is_not_decoded(
    media_type: str, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few kilobytes must not cost seconds; without the limits the decoder would begin."""
    begun: list[str] = []
    load = ImageFile.ImageFile.load

    def noted(picture: ImageFile.ImageFile) -> object:
        begun.append(str(picture.format))
        return load(picture)

    monkeypatch.setattr(ImageFile.ImageFile, "load", noted)

    hash_picture("image/jpeg", as_jpeg(STREETS[0]))
    harmless = len(begun)
    hash_picture(media_type, content)

    assert (harmless > 0, begun[harmless:]) == (True, [])
