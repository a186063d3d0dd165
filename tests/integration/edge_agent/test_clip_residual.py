"""What many pictures of one thing that moves give away, where one of them is too coarse to tell.

Shift and add: who knows how a thing moved knows where each block of each picture lay on it, and can solve for what it
looks like. Here he knows it to the pixel, knows how the blocks were made, and how things mostly look; whoever has only
the clip knows less. docs/evidence.md states what comes out.
"""

import io
from collections.abc import Sequence

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.evidence.clip_redaction import CLIP_FPS, redacted_clip
from edge.evidence.mosaic import mosaic

pytestmark = pytest.mark.slow

WIDTH, HEIGHT, PART = 640, 480, 20
"""A picture of 24 blocks along its shorter side has blocks of 20 pixels."""
ACROSS = 8
"""Blocks across the thing: a face that fills a third of the picture."""
BANDS, CELL = 4, 4
"""Things, one above the other, each with an upright pattern of its own; pixels that the attacker tells apart."""
SIDE = ACROSS * PART
LEFT, SPEED, PICTURES = 60, 0.37, 30
"""Where they begin, how many blocks they move from one picture of the clip to the next, and how many there are."""
GREY = 128.0

Floats = NDArray[np.float64]


def patterns(seed: int) -> Floats:
    """Return the brightness (bands, side) of things that look as most do: finer means fainter."""
    rng = np.random.default_rng(seed)
    fall = np.fft.rfftfreq(SIDE)
    fall[0] = fall[1]
    made = np.fft.irfft(np.fft.rfft(rng.normal(size=(BANDS, SIDE))) / np.sqrt(fall), SIDE)
    made -= made.mean(axis=1, keepdims=True)
    return np.asarray(np.clip(GREY + 45.0 * made / made.std(axis=1, keepdims=True), 0, 255))


def at(picture: int) -> int:
    """Return the left border of the things in one of the clip's pictures."""
    return LEFT + round(SPEED * PART * picture)


def street(things: Floats, left: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a noisy picture in which things stand one above the other."""
    picture = np.full((HEIGHT, WIDTH), GREY)
    picture[:, left : left + SIDE] = np.repeat(things, HEIGHT // BANDS, axis=0)
    picture += rng.normal(0.0, 3.0, picture.shape)
    return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def sent(pictures: Sequence[NDArray[np.uint8]]) -> list[Floats]:
    """Return the blocks (24, 32) of each picture of a clip that leaves the box."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264", rate=CLIP_FPS, options={"crf": "12", "preset": "ultrafast"}
        )
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for one in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(one, format="bgr24")))
        container.mux(stream.encode(None))
    with av.open(io.BytesIO(redacted_clip(file.getvalue(), ())[0]), "r") as clip:
        shown = [one.to_ndarray(format="bgr24") for one in clip.decode(video=0)]
    return [one.reshape(24, 8, 32, 8, 3).mean(axis=(1, 3, 4)) for one in shown]


def plain(pictures: Sequence[NDArray[np.uint8]]) -> list[Floats]:
    """Return the blocks of plain mosaics of the same pictures."""
    return [mosaic(one, PART)[::PART, ::PART].mean(axis=2) for one in pictures]


def weights(left: int, blur: float) -> Floats:
    """Return how much of each cell of a thing goes into each of the 32 blocks across: (32, cells)."""
    line = np.repeat(np.eye(SIDE // CELL), CELL, axis=0) / 1.0
    padded = np.zeros((WIDTH, line.shape[1]))
    padded[left : left + SIDE] = line
    if blur > 0.0:
        padded = np.asarray(cv2.GaussianBlur(padded, (1, 0), 0.01, sigmaY=blur * PART))
    return np.asarray(padded.reshape(32, PART, -1).mean(axis=1), np.float64)


def reckoned_back(pictures: Sequence[Floats], blur: float) -> Floats:
    """Return what the attacker makes of a clip's blocks: (bands, cells)."""
    rows = np.concatenate([weights(at(number), blur) for number in range(len(pictures))])
    middle = [6 * band + 3 for band in range(BANDS)]
    seen = np.concatenate([one[middle].T - GREY for one in pictures])
    cells = rows.shape[1]
    fall = np.fft.fftfreq(cells)
    fall[0] = fall[1]
    likely = np.real(np.fft.ifft(np.fft.fft(np.eye(cells), axis=0) / np.abs(fall)[:, None], axis=0))
    likely = (likely + likely.T) / 2.0 * 45.0**2 / np.trace(likely) * cells
    # a Wiener filter: how things mostly look, against one level of noise as the coder leaves
    gain = likely @ rows.T @ np.linalg.inv(rows @ likely @ rows.T + np.eye(len(rows)))
    return np.asarray((gain @ seen).T, np.float64)


def blocks_told(things: Floats, found: Floats) -> int:
    """Return as how many blocks across the finest detail counts that is right rather than wrong."""
    true = things.reshape(BANDS, -1, CELL).mean(axis=2) - GREY
    window = np.hanning(true.shape[1])
    a, b = np.fft.rfft(true * window), np.fft.rfft(found * window)
    alike = np.real(a * b.conj()).sum(axis=0)
    alike = alike / np.sqrt((np.abs(a) ** 2).sum(axis=0) * (np.abs(b) ** 2).sum(axis=0) + 1e-9)
    wrong = np.flatnonzero(alike[1:] < 0.5)
    return 2 * int(wrong[0] if len(wrong) else len(alike) - 1)


@pytest.fixture(scope="module")
def film() -> tuple[Floats, list[NDArray[np.uint8]]]:
    """Return things that move, and the pictures that a camera took of them."""
    rng = np.random.default_rng(3)
    things = patterns(4)
    return things, [street(things, at(number), rng) for number in range(PICTURES)]


def test_a_plain_mosaic_that_moves_would_give_itself_away(
    film: tuple[Floats, list[NDArray[np.uint8]]],
) -> None:
    """The attack is one: of plain blocks it makes twice as many and more, enough to recognise a face by."""
    things, pictures = film

    assert blocks_told(things, reckoned_back(plain(pictures), 0.0)) >= 2 * ACROSS


def test_a_clip_tells_no_more_of_what_moves_than_its_blocks_do(
    film: tuple[Floats, list[NDArray[np.uint8]]],
) -> None:
    """Thirty pictures of a thing eight blocks wide come to no more than ten blocks across it."""
    things, pictures = film
    shown = sent(pictures)

    assert len(shown) == PICTURES
    assert blocks_told(things, reckoned_back(shown, 0.75)) <= ACROSS + 2
