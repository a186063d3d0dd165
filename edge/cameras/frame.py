"""One frame of one camera, with the times that belong to it."""

from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edge.cameras.picture import ArrayPicture, Picture, scale_bgr

__all__ = ["Frame"]

Pixels = NDArray[np.uint8]


class Frame:
    """A picture and when it was taken.

    Attributes:
        camera: the camera's id.
        index: running number of the frame since the source was opened, from 0.
        pts_s: presentation time in seconds since the start of the stream.
        captured_at: aware UTC moment: the source's epoch plus ``pts_s``.
        discontinuity: true on the first frame after a reconnect, a loop or a jump of the
            presentation time: what was known before does not continue here.
    """

    def __init__(
        self,
        *,
        camera: str,
        index: int,
        pts_s: float,
        captured_at: datetime,
        picture: Picture,
        discontinuity: bool = False,
    ) -> None:
        self.camera = camera
        self.index = index
        self.pts_s = pts_s
        self.captured_at = captured_at
        self.discontinuity = discontinuity
        self._picture = picture

    @classmethod
    def from_array(
        cls,
        pixels: Pixels,
        *,
        camera: str,
        index: int,
        pts_s: float,
        captured_at: datetime,
        discontinuity: bool = False,
    ) -> "Frame":
        """Return a frame of a picture in memory: uint8 (h, w, 3) BGR or (h, w) grey."""
        return cls(
            camera=camera,
            index=index,
            pts_s=pts_s,
            captured_at=captured_at,
            picture=ArrayPicture(pixels),
            discontinuity=discontinuity,
        )

    def moved(self, *, index: int, pts_s: float, discontinuity: bool) -> "Frame":
        """Return the same picture at another place in its stream; the moment stays."""
        return Frame(
            camera=self.camera,
            index=index,
            pts_s=pts_s,
            captured_at=self.captured_at,
            picture=self._picture,
            discontinuity=discontinuity,
        )

    @property
    def picture(self) -> Picture:
        """What it shows."""
        return self._picture

    @property
    def width(self) -> int:
        """Columns in pixels."""
        return int(self.luma.shape[1])

    @property
    def height(self) -> int:
        """Rows in pixels."""
        return int(self.luma.shape[0])

    @cached_property
    def luma(self) -> Pixels:
        """Brightness, uint8 (h, w); a view of the decoder's memory, not to be written to."""
        return self._picture.luma

    @cached_property
    def _bgr(self) -> Pixels:
        return self._picture.bgr()

    def bgr(self) -> Pixels:
        """Return the whole picture, uint8 (h, w, 3); converted once, shared: copy to draw."""
        return self._bgr

    def crop_bgr(self, x0: int, y0: int, x1: int, y1: int) -> Pixels:
        """Return columns x0..x1 and rows y0..y1 (ends excluded), cut to the picture.

        Only the crop is converted, unless the whole picture has been already. The result may be
        empty where the box lies outside.
        """
        left, right = (min(max(x, 0), self.width) for x in (x0, x1))
        top, bottom = (min(max(y, 0), self.height) for y in (y0, y1))
        if right <= left or bottom <= top:
            return np.empty((0, 0, 3), np.uint8)
        if "_bgr" in self.__dict__:
            return self._bgr[top:bottom, left:right]
        return self._picture.crop_bgr(left, top, right, bottom)

    def scaled_bgr(self, x0: int, y0: int, x1: int, y1: int, columns: int, rows: int) -> Pixels:
        """Return a part of the picture at another size, uint8 (rows, columns, 3).

        Args:
            x0: left column; the part lies within the picture and is not empty.
            y0: upper row.
            x1: right column, excluded.
            y1: lower row, excluded.
            columns: of the result.
            rows: of the result.
        """
        if "_bgr" in self.__dict__:
            return scale_bgr(self._bgr[y0:y1, x0:x1], columns, rows)
        return self._picture.scaled_bgr(x0, y0, x1, y1, columns, rows)
