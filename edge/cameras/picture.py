"""What a frame shows: brightness at once, colour only where somebody asks for it."""

from typing import Protocol

import av
import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["ArrayPicture", "Picture", "YuvPicture", "scale_bgr"]

Pixels = NDArray[np.uint8]


def scale_bgr(bgr: Pixels, columns: int, rows: int) -> Pixels:
    """Return a picture, uint8 (h, w, 3), at another size; itself where the size is the same."""
    if bgr.shape[:2] == (rows, columns):
        return bgr
    scaled = cv2.resize(bgr, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(scaled, np.uint8)


class Picture(Protocol):
    """A decoded picture: uint8 luma (h, w), and BGR of all of it or of a part."""

    @property
    def luma(self) -> Pixels:
        """Brightness, uint8 (h, w); a view, not to be written to."""
        ...

    def bgr(self) -> Pixels:
        """Return the whole picture, uint8 (h, w, 3)."""
        ...

    def crop_bgr(self, x0: int, y0: int, x1: int, y1: int) -> Pixels:
        """Return columns x0..x1 and rows y0..y1 (ends excluded), uint8; the box lies inside."""
        ...

    def scaled_bgr(self, x0: int, y0: int, x1: int, y1: int, columns: int, rows: int) -> Pixels:
        """Return the same part at another size, uint8 (rows, columns, 3)."""
        ...


class ArrayPicture:
    """A picture that is already in memory: uint8 (h, w, 3) BGR, or (h, w) grey."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels

    @property
    def luma(self) -> Pixels:
        """Brightness, uint8 (h, w)."""
        if self._pixels.ndim == 2:
            return self._pixels
        return np.asarray(cv2.cvtColor(self._pixels, cv2.COLOR_BGR2GRAY), np.uint8)

    def bgr(self) -> Pixels:
        """Return the whole picture, uint8 (h, w, 3)."""
        if self._pixels.ndim == 3:
            return self._pixels
        return np.asarray(cv2.cvtColor(self._pixels, cv2.COLOR_GRAY2BGR), np.uint8)

    def crop_bgr(self, x0: int, y0: int, x1: int, y1: int) -> Pixels:
        """Return a part of the picture, uint8 (y1 - y0, x1 - x0, 3)."""
        return self.bgr()[y0:y1, x0:x1]

    def scaled_bgr(self, x0: int, y0: int, x1: int, y1: int, columns: int, rows: int) -> Pixels:
        """Return a part of the picture at another size, uint8 (rows, columns, 3)."""
        return scale_bgr(self.crop_bgr(x0, y0, x1, y1), columns, rows)


class YuvPicture:
    """A picture as the decoder left it.

    4:2:0 planar frames keep their planes: luma is a view of the decoder's own memory, and a crop
    converts only its own pixels. Any other pixel format goes through swscale when colour is asked
    for. Source: measured.md §1 (colour conversion costs as much as decoding).
    """

    def __init__(self, frame: av.VideoFrame) -> None:
        self._frame = frame
        self._planar = frame.format.name == "yuv420p"

    @property
    def luma(self) -> Pixels:
        """Brightness, uint8 (h, w); a view of the decoder's plane where the format has one."""
        if self._frame.format.name in {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "nv12"}:
            return self._plane(0)
        return np.asarray(self._frame.to_ndarray(format="gray"), np.uint8)

    def bgr(self) -> Pixels:
        """Return the whole picture, uint8 (h, w, 3)."""
        if self._planar and self._frame.width % 2 == 0 and self._frame.height % 2 == 0:
            # cv2 converts planar 4:2:0 about twice as fast as swscale does
            return self.crop_bgr(0, 0, self._frame.width, self._frame.height)
        return np.asarray(self._frame.to_ndarray(format="bgr24"), np.uint8)

    def crop_bgr(self, x0: int, y0: int, x1: int, y1: int) -> Pixels:
        """Return a part of the picture, uint8 (y1 - y0, x1 - x0, 3)."""
        even_x, even_y = x0 & ~1, y0 & ~1
        width, height = (x1 + 1 & ~1) - even_x, (y1 + 1 & ~1) - even_y
        fits = even_x + width <= self._frame.width and even_y + height <= self._frame.height
        if not (self._planar and fits):
            return np.asarray(self._frame.to_ndarray(format="bgr24"), np.uint8)[y0:y1, x0:x1]
        quarter = width * height // 4
        packed = np.empty(width * height * 3 // 2, np.uint8)
        luma = self._plane(0)[even_y : even_y + height, even_x : even_x + width]
        packed[: width * height].reshape(height, width)[...] = luma
        rows = slice(even_y // 2, (even_y + height) // 2)
        columns = slice(even_x // 2, (even_x + width) // 2)
        for number in (1, 2):
            start = width * height + (number - 1) * quarter
            chroma = packed[start : start + quarter].reshape(height // 2, width // 2)
            chroma[...] = self._plane(number)[rows, columns]
        planes = packed.reshape(height * 3 // 2, width)
        converted = np.asarray(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420), np.uint8)
        return converted[y0 - even_y : y1 - even_y, x0 - even_x : x1 - even_x]

    def scaled_bgr(self, x0: int, y0: int, x1: int, y1: int, columns: int, rows: int) -> Pixels:
        """Return a part of the picture at another size, uint8 (rows, columns, 3).

        Planes are scaled before colours are converted: what is converted is as small as what is
        wanted, which for a full-size picture is a tenth of the work.
        """
        shrinks = columns <= x1 - x0 and rows <= y1 - y0
        if not (self._planar and shrinks and columns > 1 and rows > 1):
            return scale_bgr(self.crop_bgr(x0, y0, x1, y1), columns, rows)
        even_columns, even_rows = columns + columns % 2, rows + rows % 2
        packed = np.empty((even_rows * 3 // 2, even_columns), np.uint8)
        luma = np.ascontiguousarray(self._plane(0)[y0:y1, x0:x1])
        cv2.resize(
            luma, (even_columns, even_rows), packed[:even_rows], interpolation=cv2.INTER_LINEAR
        )
        half = slice(y0 // 2, (y1 + 1) // 2), slice(x0 // 2, (x1 + 1) // 2)
        size = even_columns // 2, even_rows // 2
        colours = packed[even_rows:].reshape(2, size[1], size[0])
        for number in (1, 2):
            plane = np.ascontiguousarray(self._plane(number)[half])
            colours[number - 1] = cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR)
        converted = cv2.cvtColor(packed, cv2.COLOR_YUV2BGR_I420)
        return np.asarray(converted, np.uint8)[:rows, :columns]

    def _plane(self, number: int) -> Pixels:
        plane = self._frame.planes[number]
        # memoryview: the plane offers the buffer protocol, its stubs do not say so
        rows: Pixels = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        return rows[: plane.height, : plane.width]
