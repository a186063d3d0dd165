"""The pictures of a set as frames, as a box gets them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from edge.cameras.frame import Frame
from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraEnded, CameraError
from models.judging.errors import DataRefused
from models.judging.judged_set import JudgedPicture

__all__ = ["frames_of"]

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Moment of every frame: judging knows no time."""


def frames_of(pictures: Sequence[JudgedPicture]) -> Iterator[Frame]:
    """Yield each picture as a frame, in their order; frames of a video in that of the video.

    Raises:
        DataRefused: a picture that is none, or a video that is shorter than its labels.
    """
    at = 0
    while at < len(pictures):
        first = pictures[at]
        if first.frame is None:
            yield _of_file(first, at)
            at += 1
            continue
        end = at
        while end < len(pictures) and pictures[end].path == first.path:
            end += 1
        yield from _of_video(first.path, pictures[at:end])
        at = end


def _of_file(picture: JudgedPicture, number: int) -> Frame:
    pixels = cv2.imread(str(picture.path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise DataRefused(f"picture {picture.path}: it cannot be read as a picture; replace it")
    return Frame.from_array(
        np.asarray(pixels, np.uint8),
        camera=picture.camera or "judged",
        index=number,
        pts_s=0.0,
        captured_at=_EPOCH,
    )


def _of_video(path: Path, pictures: Sequence[JudgedPicture]) -> Iterator[Frame]:
    # one thread decodes: the other core is for the network
    source = PyAvSource("judged", path, pace="fast", epoch=_EPOCH, threads=1)
    try:
        source.open()
        frame, number = source.read(5.0), 0
        for picture in pictures:
            assert picture.frame is not None
            while number < picture.frame and frame is not None:
                frame, number = source.read(5.0), number + 1
            if frame is None:
                raise DataRefused(f"video {path}: no frame {picture.frame + 1} within 5 s")
            yield frame
    except CameraEnded as error:
        raise DataRefused(
            f"video {path}: it ends before the last labelled frame; are these its labels?"
        ) from error
    except CameraError as error:
        raise DataRefused(f"video {path}: {error}") from error
    finally:
        source.close()
