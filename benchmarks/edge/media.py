"""The clips and the network for measuring, and films of any length made of them."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import click
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

__all__ = [
    "CAR_PARK",
    "FPS",
    "MODEL",
    "PERIOD_S",
    "STREET",
    "TRUTH",
    "check",
    "film",
    "still",
    "write_film",
]

_SHARED = Path(__file__).resolve().parents[3] / "shared"
STREET = _SHARED / "media" / "TUD-Stadtmitte.mp4"
TRUTH = _SHARED / "media" / "TUD-Stadtmitte-gt.txt"
CAR_PARK = _SHARED / "media" / "car-detection.mp4"
MODEL = _SHARED / "models" / "yolox_nano_coco.onnx"

FPS = 10
PERIOD_S = 28
"""Seconds of a film: 7 s of the street, a quarter of it, and 21 s in which nothing moves."""

_WIDTH, _HEIGHT = 640, 360
_ACTIVE = 7 * FPS

Pixels = NDArray[np.uint8]


def check() -> None:
    """Refuse to measure without the clips.

    Raises:
        click.ClickException: a file is missing.
    """
    for path in (STREET, TRUTH, CAR_PARK, MODEL):
        if not path.is_file():
            msg = (
                f"{path.name} is not beside the repository (../shared); there is nothing to measure"
            )
            raise click.ClickException(msg)


def film(path: Path, phase: int) -> Path:
    """Write 28 s of 640 x 360 pixels at 10 frames/s in which a quarter is active; return its path.

    Args:
        path: where to.
        phase: 0..3, the quarter in which the street is alive.
    """
    alive = list(islice(_street(), _ACTIVE))
    # nobody is in the picture that stands still: what is there is found again when it moves
    empty = np.median(np.stack(alive[::5]), axis=0).astype(np.uint8)
    rng = np.random.default_rng(phase)
    pictures: list[Pixels] = []
    for quarter in range(4):
        pictures += alive if quarter == phase else [_noisy(empty, rng) for _ in range(_ACTIVE)]
    return write_film(path, pictures)


def still(path: Path) -> Path:
    """Write two minutes of the empty street with a sensor's noise; return its path.

    Longer than it is looked at: where a film begins again, a box learns the scene anew.
    """
    empty = np.median(np.stack(list(islice(_street(), 0, _ACTIVE, 5))), axis=0).astype(np.uint8)
    rng = np.random.default_rng(9)
    return write_film(path, [_noisy(empty, rng) for _ in range(PERIOD_S * FPS)] * 4)


def _street() -> Iterator[Pixels]:
    """Yield the street clip, a part of 640 x 360 pixels, ten frames a second."""
    with av.open(str(STREET)) as container:
        wanted = 0
        for number, frame in enumerate(container.decode(video=0)):
            if number < wanted:
                continue
            wanted = number + (3 if number % 5 else 2)
            picture = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
            yield picture[60 : 60 + _HEIGHT]


def _noisy(picture: Pixels, rng: np.random.Generator) -> Pixels:
    noise = rng.normal(0.0, 1.5, picture.shape[:2]).astype(np.int16)[:, :, None]
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


def write_film(path: Path, pictures: list[Pixels]) -> Path:
    """Write pictures of 640 x 360 pixels as a film of ten frames/s, as cameras code it; return its path."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=FPS, options={"preset": "veryfast", "crf": "23"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.codec_context.max_b_frames = 0  # as cameras do
        for number, picture in enumerate(pictures):
            yuv = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
            frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
