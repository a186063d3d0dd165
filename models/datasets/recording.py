"""Frames of a recording: a video file, or a folder of numbered pictures."""

from collections.abc import Collection, Iterator
from pathlib import Path

import av
import av.error
import numpy as np

from models.datasets.errors import ImportRefused
from models.datasets.pixels import jpeg_of, pixels_of

__all__ = ["StoredFrame", "frames_of"]

StoredFrame = tuple[int, bytes, int, int]
"""Number from 1, JPEG or PNG bytes, width, height."""


def frames_of(recording: Path, wanted: Collection[int]) -> Iterator[StoredFrame]:
    """Yield the wanted frames, by number from 1, in their order.

    Raises:
        ImportRefused: neither a video nor a folder of pictures, or it ends before the last one.
    """
    last = max(wanted, default=0)
    found = 0
    for number, content, width, height in (
        _of_folder(recording, wanted) if recording.is_dir() else _of_video(recording, wanted)
    ):
        found = number
        yield number, content, width, height
    if found < last:
        raise ImportRefused(
            f"recording {recording}: the labels go on to frame {last}, but frame {found} is the last one "
            "that is there; give the recording that the labels were made from"
        )


def _of_folder(folder: Path, wanted: Collection[int]) -> Iterator[StoredFrame]:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".png"})
    for number, path in enumerate(files, start=1):
        if number in wanted:
            content = path.read_bytes()
            pixels = pixels_of(content, str(path))
            if path.suffix.lower() == ".png":
                content = jpeg_of(pixels)
            yield number, content, pixels.shape[1], pixels.shape[0]


def _of_video(video: Path, wanted: Collection[int]) -> Iterator[StoredFrame]:
    last = max(wanted, default=0)
    try:
        with av.open(str(video)) as container:
            for number, frame in enumerate(container.decode(video=0), start=1):
                if number in wanted:
                    pixels = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
                    yield number, jpeg_of(pixels), frame.width, frame.height
                if number >= last:
                    return
    except (OSError, av.error.FFmpegError, IndexError) as error:
        raise ImportRefused(
            f"recording {video}: cannot be read: {error}; expected a video, or a folder of pictures"
        ) from error
