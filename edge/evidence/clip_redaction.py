"""Making a clip illegible by construction: every picture of it is a coarse mosaic, small and slow.

A mosaic of a face that moves across its blocks tells more from picture to picture than any one of them does: who
knows how it moved can reckon back three times as many blocks across it. So a clip gets the coarsest mosaic there is,
whatever was found in it, few pictures a second, and nothing goes into its blocks that is finer than they are: what
was blurred away before no number of pictures brings back. Measured in tests and stated in docs/evidence.md.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from io import BytesIO

import av
import av.error
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from contracts.envelope import Redaction
from edge.evidence.redaction import FRAME_BLOCKS
from edge.evidence.view import Polygon

__all__ = ["CLIP_BLUR", "CLIP_FPS", "redacted_clip"]

CLIP_FPS = 5
"""Most pictures a second. Source: what Frigate looks at by default (edge.md §2); a walker is seen at every
third of a metre."""

CLIP_BLUR = 1.0
"""Standard deviation of the blur before blocks are made, in blocks. Source: measured (``python -m benchmarks
clip_residual``); with three quarters, the best guess of an attacker made 14 blocks across of some films of things eight
blocks wide, with this 12 of one, where a face takes 16. One picture looks no different."""

_FINE = 4
"""Parts of a block along each side in which the blur is reckoned: a wide blur of a whole picture would take long."""

_BLOCK_PX = 8
"""Edge of one block in the pictures of the clip; so they are no larger than they tell."""

_TICK = Fraction(1, 1000)
_MUXER_OPTIONS = {"fflags": "+bitexact"}
_CODER_OPTIONS = {"preset": "veryfast", "crf": "28", "threads": "1"}
"""One thread: the same pictures give the same bytes, and the cameras keep the other cores."""


def redacted_clip(data: bytes, masks: Sequence[Polygon]) -> tuple[bytes, Redaction]:
    """Return an MP4 file of a clip in which nobody and no plate can be made out.

    Args:
        data: a clip as the camera coded it.
        masks: polygons that no picture shows, corners as shares of width and height.

    Returns:
        H.264 in MP4, at most 24 blocks along the shorter side, each of 8 pixels, and what was done.

    Raises:
        ValueError: it holds no picture, or this build cannot code H.264.
        av.error.FFmpegError: it cannot be decoded.
    """
    file = BytesIO()
    with (
        av.open(BytesIO(data), "r") as source,
        av.open(file, "w", format="mp4", options=_MUXER_OPTIONS) as container,
    ):
        stream: VideoStream | None = None
        for ticks, picture in _thinned(source.decode(video=0)):
            blocks = _blocks(picture, masks)
            if stream is None:
                stream = container.add_stream("libx264", rate=CLIP_FPS, options=_CODER_OPTIONS)
                stream.height, stream.width = blocks.shape[0], blocks.shape[1]
                stream.pix_fmt = "yuv420p"
                stream.codec_context.time_base = _TICK
            elif blocks.shape[:2] != (stream.height, stream.width):
                # the camera's size changed; the file keeps the one that it began with
                size = (stream.width, stream.height)
                blocks = np.asarray(
                    cv2.resize(blocks, size, interpolation=cv2.INTER_NEAREST), np.uint8
                )
            frame = VideoFrame.from_ndarray(blocks, format="bgr24")
            frame.pts, frame.time_base = ticks, _TICK
            container.mux(stream.encode(frame))
        if stream is None:
            raise ValueError("the clip holds no picture that can be decoded")
        container.mux(stream.encode(None))
    return _without_remarks(file.getvalue()), Redaction(method="frame", block_px=_BLOCK_PX, areas=1)


def _without_remarks(data: bytes) -> bytes:
    """Return an MP4 file whose empty box for remarks, the last one that a muxer writes, is free space.

    Whoever takes remarks out of what is uploaded changes nothing then, and the hash stays true.
    """
    at = data.rfind(b"udta") - 4
    if at < 0 or at + int.from_bytes(data[at : at + 4], "big") != len(data):
        return data
    return data[: at + 4] + b"free" + bytes(len(data) - at - 8)


def _thinned(frames: Iterable[VideoFrame]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield milliseconds from the first picture, and pixels (h, w, 3), of those that are kept."""
    first_s: float | None = None
    due_s = 0.0
    for frame in frames:
        if frame.pts is None or frame.time_base is None:
            continue
        shown_s = float(frame.pts * frame.time_base)
        first_s = shown_s if first_s is None else first_s
        # half a picture of tolerance: 25 a second give exactly every fifth
        if shown_s - first_s < due_s - 0.02:
            continue
        due_s = max(due_s, shown_s - first_s) + 1.0 / CLIP_FPS
        pixels = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
        yield round((shown_s - first_s) * 1000), pixels


def _blocks(picture: NDArray[np.uint8], masks: Sequence[Polygon]) -> NDArray[np.uint8]:
    """Return a picture whose blocks of 8 pixels hold the colours of its parts, blurred into each other."""
    height, width = picture.shape[:2]
    for corners in masks:
        at = np.round(np.asarray(corners) * (width, height)).astype(np.int32)
        cv2.fillPoly(picture, [at], (0, 0, 0))
    part = max(1, math.ceil(min(height, width) / FRAME_BLOCKS))
    columns, rows = max(1, width // part), max(1, height // part)
    fine = cv2.resize(picture, (columns * _FINE, rows * _FINE), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(fine, (0, 0), CLIP_BLUR * _FINE)
    means = cv2.resize(blurred, (columns, rows), interpolation=cv2.INTER_AREA)
    size = (columns * _BLOCK_PX, rows * _BLOCK_PX)
    return np.asarray(cv2.resize(means, size, interpolation=cv2.INTER_NEAREST), np.uint8)
