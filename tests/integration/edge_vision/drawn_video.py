"""Writes small videos for tests; a bright square drives over a grey road."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

__all__ = ["draw_video"]


def draw_video(path: Path, *, frames: int = 50, fps: int = 25, codec: str = "mpeg4") -> Path:
    """Write a video of 160 x 120 pixels whose index stands at its beginning; return its path."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream(codec, rate=fps)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.time_base = Fraction(1, fps)
        stream.codec_context.max_b_frames = 0  # as cameras do
        for number in range(frames):
            picture = np.random.default_rng(number).normal(110, 3, (120, 160, 3))
            x = number * 120 // frames
            picture[40:80, x : x + 40] = 220
            frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
