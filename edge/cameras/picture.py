"""What a frame shows: brightness at once, colour only where somebody asks for it."""

from typing import Protocol

import av
import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["ArrayPicture", "Picture", "PlanarPicture", "YuvPicture", "scale_bgr"]

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


class PlanarPicture:
    """A 4:2:0 picture of three planes; a crop converts only its own pixels.

    Args:
        luma: uint8 (h, w).
        blue: uint8 ((h + 1) // 2, (w + 1) // 2), the Cb plane.
        red: the same of Cr.
    """

    def __init__(self, luma: Pixels, blue: Pixels, red: Pixels) -> None:
        self._luma = luma
        self._colours = (blue, red)

    @classmethod
    def of_packed(cls, packed: Pixels, width: int, height: int) -> "PlanarPicture":
        """Return the picture in one array: luma, Cb and Cr after one another, without padding."""
        columns, rows = (width + 1) // 2, (height + 1) // 2
        first, size = width * height, columns * rows
        return cls(
            packed[:first].reshape(height, width),
            packed[first : first + size].reshape(rows, columns),
            packed[first + size : first + 2 * size].reshape(rows, columns),
        )

    @property
    def luma(self) -> Pixels:
        """Brightness, uint8 (h, w)."""
        return self._luma

    def packed(self, into: Pixels) -> int:
        """Write the planes after one another into a flat array; return how many bytes they take."""
        at = 0
        for plane in (self._luma, *self._colours):
            into[at : at + plane.size].reshape(plane.shape)[...] = plane
            at += plane.size
        return at

    def bgr(self) -> Pixels:
        """Return the whole picture, uint8 (h, w, 3)."""
        height, width = self._luma.shape
        return self.crop_bgr(0, 0, width, height)

    def crop_bgr(self, x0: int, y0: int, x1: int, y1: int) -> Pixels:
        """Return a part of the picture, uint8 (y1 - y0, x1 - x0, 3)."""
        even_x, even_y = x0 & ~1, y0 & ~1
        width, height = (x1 + 1 & ~1) - even_x, (y1 + 1 & ~1) - even_y
        packed = np.empty((height * 3 // 2, width), np.uint8)
        part = self._luma[even_y : even_y + height, even_x : even_x + width]
        packed[: part.shape[0], : part.shape[1]] = part
        if part.shape != (height, width):
            # a picture with odd sides has one row or column less than its colours
            packed[: part.shape[0], part.shape[1] :] = part[:, -1:]
            packed[part.shape[0] : height] = packed[part.shape[0] - 1]
        rows = slice(even_y // 2, (even_y + height) // 2)
        columns = slice(even_x // 2, (even_x + width) // 2)
        colours = packed[height:].reshape(2, height // 2, width // 2)
        for number, plane in enumerate(self._colours):
            colours[number] = plane[rows, columns]
        converted = np.asarray(cv2.cvtColor(packed, cv2.COLOR_YUV2BGR_I420), np.uint8)
        return converted[y0 - even_y : y1 - even_y, x0 - even_x : x1 - even_x]

    def scaled_bgr(self, x0: int, y0: int, x1: int, y1: int, columns: int, rows: int) -> Pixels:
        """Return a part of the picture at another size, uint8 (rows, columns, 3).

        Planes are scaled before colours are converted: what is converted is as small as what is
        wanted, which for a full-size picture is a tenth of the work.
        """
        shrinks = columns <= x1 - x0 and rows <= y1 - y0
        if not (shrinks and columns > 1 and rows > 1):
            return scale_bgr(self.crop_bgr(x0, y0, x1, y1), columns, rows)
        even_columns, even_rows = columns + columns % 2, rows + rows % 2
        packed = np.empty((even_rows * 3 // 2, even_columns), np.uint8)
        luma = np.ascontiguousarray(self._luma[y0:y1, x0:x1])
        cv2.resize(
            luma, (even_columns, even_rows), packed[:even_rows], interpolation=cv2.INTER_LINEAR
        )
        half = slice(y0 // 2, (y1 + 1) // 2), slice(x0 // 2, (x1 + 1) // 2)
        size = even_columns // 2, even_rows // 2
        colours = packed[even_rows:].reshape(2, size[1], size[0])
        for number, whole in enumerate(self._colours):
            plane = np.ascontiguousarray(whole[half])
            colours[number] = cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR)
        converted = cv2.cvtColor(packed, cv2.COLOR_YUV2BGR_I420)
        return np.asarray(converted, np.uint8)[:rows, :columns]


class YuvPicture:
    """A picture as the decoder left it.

    4:2:0 planar frames keep their planes: luma is a view of the decoder's own memory, and a crop
    converts only its own pixels. The packed ones of USB cameras are laid out so at once: a fifth of what the colours of all of it cost. Any other pixel format goes
    through swscale when colour is asked for. Source: measured.md §1 (colour conversion costs as much
    as decoding).
    """

    def __init__(self, frame: av.VideoFrame) -> None:
        self._frame = frame
        self._planar: PlanarPicture | None = None
        if frame.format.name in {"yuyv422", "uyvy422"}:
            self._frame = frame.reformat(format="yuv420p")
        if self._frame.format.name == "yuv420p":
            self._planar = PlanarPicture(*(_plane(self._frame, number) for number in range(3)))

    @property
    def luma(self) -> Pixels:
        """Brightness, uint8 (h, w); a view of the decoder's plane where the format has one."""
        if self._planar is not None:
            return self._planar.luma
        if self._frame.format.name in {"yuvj420p", "yuv422p", "yuvj422p", "nv12"}:
            return _plane(self._frame, 0)
        return np.asarray(self._frame.to_ndarray(format="gray"), np.uint8)

    def planar(self) -> PlanarPicture:
        """Return the picture as three planes; formats of another kind are converted."""
        if self._planar is not None:
            return self._planar
        frame = self._frame.reformat(format="yuv420p")
        return PlanarPicture(*(_plane(frame, number).copy() for number in range(3)))

    def bgr(self) -> Pixels:
        """Return the whole picture, uint8 (h, w, 3)."""
        if self._planar is not None:
            # cv2 converts planar 4:2:0 about twice as fast as swscale does
            return self._planar.bgr()
        return np.asarray(self._frame.to_ndarray(format="bgr24"), np.uint8)

    def crop_bgr(self, x0: int, y0: int, x1: int, y1: int) -> Pixels:
        """Return a part of the picture, uint8 (y1 - y0, x1 - x0, 3)."""
        if self._planar is not None:
            return self._planar.crop_bgr(x0, y0, x1, y1)
        return self.bgr()[y0:y1, x0:x1]

    def scaled_bgr(self, x0: int, y0: int, x1: int, y1: int, columns: int, rows: int) -> Pixels:
        """Return a part of the picture at another size, uint8 (rows, columns, 3)."""
        if self._planar is not None:
            return self._planar.scaled_bgr(x0, y0, x1, y1, columns, rows)
        return scale_bgr(self.crop_bgr(x0, y0, x1, y1), columns, rows)


def _plane(frame: av.VideoFrame, number: int) -> Pixels:
    plane = frame.planes[number]
    # memoryview: the plane offers the buffer protocol, its stubs do not say so
    rows: Pixels = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]
