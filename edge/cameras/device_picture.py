"""What a video device wrote for one picture, made a frame of the library."""

import av
import av.error
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from edge.cameras.device_mode import TakenMode

__all__ = ["PictureReader", "raw_bytes"]


class PictureReader:
    """Reads pictures of one format and size.

    Args:
        mode: what the device was opened with.
        row_bytes: from one row of a picture's first plane to the next; of no meaning for mjpeg.
    """

    def __init__(self, mode: TakenMode, row_bytes: int) -> None:
        self._mode = mode
        self._row_bytes = row_bytes
        self._decoder = _jpeg_decoder() if mode.format == "mjpeg" else None

    def read(self, data: bytes) -> VideoFrame:
        """Return a frame that holds a copy of a picture.

        Raises:
            ValueError: it is cut off, or no JPEG.
        """
        if self._decoder is None:
            return self._raw(data)
        if not data:
            # the decoder would take it for the end, and want nothing more
            msg = "no JPEG: nothing in it"
            raise ValueError(msg)
        try:
            frames = self._decoder.decode(Packet(data))
        except (av.error.FFmpegError, OSError) as error:
            msg = f"no JPEG: {error.strerror}"
            raise ValueError(msg) from error
        if not frames:
            msg = "no picture in it"
            raise ValueError(msg)
        return frames[-1]

    def _raw(self, data: bytes) -> VideoFrame:
        mode = self._mode
        if len(data) < raw_bytes(mode, self._row_bytes):
            msg = f"{len(data)} bytes in place of {raw_bytes(mode, self._row_bytes)}"
            raise ValueError(msg)
        frame = VideoFrame(mode.width, mode.height, mode.format)
        pixels = np.frombuffer(data, np.uint8)
        at = 0
        for plane, (stride, used, rows) in zip(
            frame.planes, _planes(mode, self._row_bytes), strict=True
        ):
            # memoryview: the plane offers the buffer protocol, its stubs do not say so
            into: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8)
            source = pixels[at : at + stride * rows].reshape(rows, stride)[:, :used]
            # of a picture with an odd width a row may end in mid-pair
            into[: plane.line_size * rows].reshape(rows, -1)[:, : source.shape[1]] = source
            at += stride * rows
        return frame


def raw_bytes(mode: TakenMode, row_bytes: int) -> int:
    """Return how many bytes a picture that is not compressed takes.

    Args:
        mode: its format and size.
        row_bytes: from one row of its first plane to the next.
    """
    return sum(stride * rows for stride, _, rows in _planes(mode, row_bytes))


def _planes(mode: TakenMode, row_bytes: int) -> list[tuple[int, int, int]]:
    """Return stride, bytes in use of each row and rows of every plane.

    Source: https://docs.kernel.org/userspace-api/media/v4l/pixfmt.html (YUYV, UYVY, NV12, YUV420).
    """
    width, height = mode.width, mode.height
    columns, rows = (width + 1) // 2, (height + 1) // 2
    if mode.format in {"yuyv422", "uyvy422"}:
        return [(row_bytes, 4 * columns, height)]
    if mode.format == "nv12":
        return [(row_bytes, width, height), (row_bytes, 2 * columns, rows)]
    if mode.format == "yuv420p":
        return [(row_bytes, width, height), *[(row_bytes // 2, columns, rows)] * 2]
    msg = f"{mode.format}: expected yuyv422, uyvy422, nv12 or yuv420p"
    raise ValueError(msg)


def _jpeg_decoder() -> VideoCodecContext:
    decoder = av.CodecContext.create("mjpeg", "r")
    assert isinstance(decoder, VideoCodecContext)
    # threads of frames hold pictures back, which a live one must not
    decoder.thread_count = 1
    return decoder
