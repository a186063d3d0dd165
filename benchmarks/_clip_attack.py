"""What many pictures of one thing that moves give away: the attack on a clip, and how its yield is counted.

Shift and add: who knows how a thing moved knows where each block of each picture lay on it, and can solve for what it
looks like. Here he knows it to the pixel, knows how the blocks were made, and how things mostly look; whoever has only
the clip knows less. Things are ``ACROSS`` blocks wide unless said otherwise: a face that fills a third of the picture.
"""

import io
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from edge.evidence.clip_redaction import CLIP_FPS, redacted_clip
from edge.evidence.mosaic import mosaic

__all__ = [
    "ACROSS",
    "GUESSES",
    "Film",
    "Found",
    "Likeness",
    "blocks_told",
    "film_of",
    "likeness",
    "most_likely",
    "plain_blocks",
    "reckoned_back",
    "sent_blocks",
    "things_of",
]

ACROSS = 8
"""Blocks across the thing."""
GUESSES = tuple(4.0**power for power in range(-4, 7))
"""Variances of a block that the attacker takes for the coder's noise, squared grey levels. The right one lies between: 16
is the likeliest in most films."""

_WIDTH, _HEIGHT, _PART = 320, 240, 10
"""A picture of 24 blocks along its shorter side has blocks of 10 pixels."""
_BANDS, _CELL = 4, 2
"""Things, one above the other, each with an upright pattern of its own; pixels that the attacker tells apart."""
_MARGIN = 10
"""Least distance of things from the picture's sides, pixels: there they turn round."""
_GREY, _CONTRAST = 128.0, 45.0
_NOISE = 3.0
"""Standard deviation of a camera's noise, grey levels."""
_RIGHT = 0.5
"""Correlation from which detail counts as right rather than wrong."""
_CAMERA_CODER = {"crf": "12", "preset": "ultrafast", "threads": "1"}
_CLIP_CODER = {"crf": "28", "preset": "veryfast", "threads": "1"}
"""As clips are coded; for plain blocks, which no code of ours makes a clip of."""

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]


class Film(NamedTuple):
    """Things that moved before a camera."""

    things: Floats
    """Their brightness, (bands, pixels across)."""
    lefts: tuple[int, ...]
    """Where they began in each picture, pixels."""
    pictures: tuple[Pixels, ...]
    """What the camera saw."""


class Found(NamedTuple):
    """What an attacker made of a clip with one guess."""

    noise: float
    """The guess, squared grey levels."""
    evidence: float
    """Log likelihood of the clip under that guess, but for a constant: what he can choose by."""
    things: Floats
    """What he takes the things for, (bands, cells)."""


class Likeness(NamedTuple):
    """How alike things and findings are, by frequency; those of several films add up."""

    shared: Floats
    true: Floats
    found: Floats


def things_of(seed: int, across: int = ACROSS) -> Floats:
    """Return the brightness (bands, pixels) of things that look as most do: finer means fainter.

    Args:
        seed: of the patterns.
        across: blocks across each.
    """
    rng, side = np.random.default_rng(seed), across * _PART
    fall = np.fft.rfftfreq(side)
    fall[0] = fall[1]
    made = np.fft.irfft(np.fft.rfft(rng.normal(size=(_BANDS, side))) / np.sqrt(fall), side)
    made -= made.mean(axis=1, keepdims=True)
    deviation = made.std(axis=1, keepdims=True)
    return np.asarray(np.clip(_GREY + _CONTRAST * made / deviation, 0, 255), np.float64)


def film_of(seed: int, speed: float, count: int, across: int = ACROSS) -> Film:
    """Return a film of things that go to and fro.

    Args:
        seed: of the things and of the camera's noise.
        speed: blocks that they move from one picture of the clip to the next.
        count: pictures.
        across: blocks across each thing.
    """
    rng = np.random.default_rng(seed + 1000)
    things = things_of(seed, across)
    room = _WIDTH - things.shape[1] - 2 * _MARGIN
    way = speed * _PART * np.arange(count)
    there_and_back = np.abs((way + room) % (2 * room) - room)
    lefts = tuple(_MARGIN + round(float(at)) for at in there_and_back)
    return Film(things, lefts, tuple(_street(things, left, rng) for left in lefts))


def _street(things: Floats, left: int, rng: np.random.Generator) -> Pixels:
    """Return a noisy picture in which things stand one above the other."""
    picture = np.full((_HEIGHT, _WIDTH), _GREY)
    picture[:, left : left + things.shape[1]] = np.repeat(things, _HEIGHT // _BANDS, axis=0)
    picture += rng.normal(0.0, _NOISE, picture.shape)
    return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def sent_blocks(film: Film) -> list[Floats]:
    """Return the blocks (24, 32) of each picture of the clip that leaves the box."""
    return _blocks(redacted_clip(_coded(film.pictures, _CAMERA_CODER), ())[0])


def plain_blocks(film: Film) -> list[Floats]:
    """Return the blocks of plain mosaics of the same pictures, coded as a clip is: the positive control."""
    coarse = (mosaic(picture, _PART)[::_PART, ::_PART] for picture in film.pictures)
    shown = [np.repeat(np.repeat(one, 8, axis=0), 8, axis=1) for one in coarse]
    return _blocks(_coded(shown, _CLIP_CODER))


def _coded(pictures: Sequence[Pixels], options: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=CLIP_FPS, options=options)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for one in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(one, format="bgr24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def _blocks(clip: bytes) -> list[Floats]:
    with av.open(io.BytesIO(clip), "r") as container:
        shown = [one.to_ndarray(format="bgr24") for one in container.decode(video=0)]
    return [one.reshape(24, 8, 32, 8, 3).mean(axis=(1, 3, 4)) for one in shown]


@cache
def _weights(left: int, side: int, blur: float) -> Floats:
    """Return how much of each cell of a thing goes into each of the 32 blocks across: (32, cells)."""
    line = np.repeat(np.eye(side // _CELL), _CELL, axis=0) / 1.0
    padded = np.zeros((_WIDTH, line.shape[1]))
    padded[left : left + side] = line
    if blur > 0.0:
        padded = np.asarray(cv2.GaussianBlur(padded, (1, 0), 0.01, sigmaY=blur * _PART))
    return np.asarray(padded.reshape(32, _PART, -1).mean(axis=1), np.float64)


def _prior(cells: int) -> Floats:
    """Return how the cells of a thing mostly vary together, (cells, cells), squared grey levels."""
    fall = np.fft.fftfreq(cells)
    fall[0] = fall[1]
    likely = np.real(np.fft.ifft(np.fft.fft(np.eye(cells), axis=0) / np.abs(fall)[:, None], axis=0))
    likely = (likely + likely.T) / 2.0
    return np.asarray(likely * _CONTRAST**2 / np.trace(likely) * cells, np.float64)


def reckoned_back(blocks: Sequence[Floats], film: Film, blur: float) -> list[Found]:
    """Return what the attacker makes of a clip's blocks, by each guess of the coder's noise.

    Args:
        blocks: of each picture, (24, 32).
        film: of which he knows how wide the things are and where they were.
        blur: standard deviation of the blur before blocks were made, blocks.
    """
    side, lefts = film.things.shape[1], film.lefts[: len(blocks)]
    rows = np.concatenate([_weights(left, side, blur) for left in lefts])
    middle = [6 * band + 3 for band in range(_BANDS)]
    seen = np.concatenate([one[middle].T - _GREY for one in blocks])
    touched = np.abs(rows).sum(axis=1) > 1e-6
    rows, seen = rows[touched], seen[touched]
    # a Wiener filter: how things mostly look, against one level of noise; in the basis where both are diagonal
    root = np.linalg.cholesky(_prior(rows.shape[1]) + 1e-6 * np.eye(rows.shape[1]))
    left, strength, right = np.linalg.svd(rows @ root, full_matrices=False)
    parts = left.T @ seen
    rest = float((seen**2).sum() - (parts**2).sum())
    found = []
    for noise in GUESSES:
        varies = strength**2 + noise
        things = root @ (right.T @ ((strength / varies)[:, None] * parts))
        bends = np.log(varies).sum() + (len(seen) - len(varies)) * np.log(noise)
        misfit = float((parts**2 / varies[:, None]).sum()) + rest / noise
        found.append(Found(noise, -0.5 * (_BANDS * float(bends) + misfit), things.T))
    return found


def most_likely(found: Sequence[Found]) -> Found:
    """Return what an attacker chooses who knows only the clip: the guess under which it is likeliest."""
    return max(found, key=lambda one: one.evidence)


def likeness(things: Floats, found: Floats) -> Likeness:
    """Return how alike things and what they were taken for are, by frequency."""
    true = things.reshape(_BANDS, -1, _CELL).mean(axis=2) - _GREY
    window = np.hanning(true.shape[1])
    a, b = np.fft.rfft(true * window), np.fft.rfft(found * window)
    return Likeness(
        np.real(a * b.conj()).sum(axis=0),
        (np.abs(a) ** 2).sum(axis=0),
        (np.abs(b) ** 2).sum(axis=0),
    )


def blocks_told(alike: Iterable[Likeness]) -> int:
    """Return as how many blocks across the finest detail counts that is right rather than wrong.

    Of one film that is four patterns' worth, which luck moves by a step or two; of many it is what is to be expected.
    """
    shared, true, found = (np.sum(part, axis=0) for part in zip(*alike, strict=True))
    correlation = shared / np.sqrt(true * found + 1e-9)
    wrong = np.flatnonzero(correlation[1:] < _RIGHT)
    return 2 * int(wrong[0] if len(wrong) else len(correlation) - 1)
