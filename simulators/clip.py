"""Writing the drawn street as a video file."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulators.errors import ClipError
from simulators.street_scene import StreetScene
from simulators.street_traffic import HEIGHT_PX, WIDTH_PX

__all__ = ["DEFAULT_FPS", "WrittenClip", "best_encoder", "write_clip", "write_frames"]

DEFAULT_FPS = 10
"""Frames a second of a drawn clip; street cameras' analysis streams run at 5 to 10."""

_ENCODERS = ("libx264", "h264", "mpeg4")
_OPTIONS = {"libx264": {"preset": "veryfast", "crf": "23"}}


class WrittenClip(Struct, frozen=True, kw_only=True):
    """What was written."""

    path: str
    encoder: str
    frames: int
    fps: int


def best_encoder() -> str:
    """Return the best encoder this PyAV wheel has: H.264, else MPEG-4 part 2.

    Raises:
        ClipError: the wheel has none of them.
    """
    for name in _ENCODERS:
        try:
            av.Codec(name, "w")
        except av.error.FFmpegError:
            continue
        except ValueError:  # UnknownCodecError is a ValueError
            continue
        return name
    raise ClipError(f"PyAV {av.__version__} has none of the encoders {', '.join(_ENCODERS)}")


def write_clip(
    scene: StreetScene,
    path: Path,
    *,
    fps: int = DEFAULT_FPS,
    progress: Callable[[int, int], None] | None = None,
) -> WrittenClip:
    """Write a scene from its first to its last second and return what was written.

    Args:
        scene: what to draw.
        path: the file, ``.mp4``; its folder must exist.
        fps: frames a second, 1..60.
        progress: called with (frames written, frames in all).

    Raises:
        ClipError: a frame rate outside 1..60, or the file cannot be written.
    """
    total = round(scene.seconds * fps)
    return write_frames(
        path,
        (scene.frame(number / fps) for number in range(total)),
        total,
        size=(WIDTH_PX, HEIGHT_PX),
        fps=fps,
        progress=progress,
    )


def write_frames(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    total: int,
    *,
    size: tuple[int, int],
    fps: int,
    progress: Callable[[int, int], None] | None = None,
) -> WrittenClip:
    """Write pictures as a video and return what was written.

    Args:
        path: the file, ``.mp4``; its folder must exist.
        frames: uint8 ``(h, w, 3)`` BGR.
        total: how many they are, for the progress.
        size: columns and rows.
        fps: frames a second, 1..60.
        progress: called with (frames written, frames in all).

    Raises:
        ClipError: a frame rate outside 1..60, or the file cannot be written.
    """
    if not 1 <= fps <= 60:
        raise ClipError(f"clip {path}: {fps} frames a second; expected 1 to 60")
    encoder = best_encoder()
    written = 0
    try:
        with av.open(str(path), "w", format="mp4") as container:
            stream = container.add_stream(encoder, rate=fps, options=_OPTIONS.get(encoder, {}))
            if not isinstance(stream, av.VideoStream):
                raise ClipError(f"clip {path}: encoder {encoder} is no video encoder")
            stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuv420p"
            for written, picture in enumerate(frames, start=1):
                frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
                frame.pts, frame.time_base = written - 1, Fraction(1, fps)
                container.mux(stream.encode(frame))
                if progress is not None:
                    progress(written, total)
            container.mux(stream.encode(None))
    except (OSError, av.error.FFmpegError) as error:
        raise ClipError(
            f"clip {path}: cannot be written: {error}; check folder and disk"
        ) from error
    return WrittenClip(path=str(path), encoder=encoder, frames=written, fps=fps)
