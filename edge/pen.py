"""What is drawn on pictures for people: areas, lines, boxes, words."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["LINE", "TRACKS", "ZONE", "Colour", "Pen"]

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
"""Blue, green, red, 0..255."""

LINE: Colour = (0, 215, 255)
ZONE: Colour = (255, 160, 60)
_DARK: Colour = (24, 24, 24)
_WHITE: Colour = (255, 255, 255)
TRACKS: tuple[Colour, ...] = (
    (80, 175, 76), (60, 76, 231), (219, 152, 52), (18, 156, 243),
    (182, 89, 155), (156, 188, 26), (34, 126, 230), (113, 204, 46),
)  # fmt: skip
"""Colours of tracks, by id, over and over."""
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class Pen:
    """Draws on a picture, in a size that suits it.

    Args:
        picture: uint8 (h, w, 3) BGR; it is drawn on itself.
    """

    def __init__(self, picture: Pixels) -> None:
        self._picture = picture
        self._scale = max(0.4, picture.shape[0] / 1080.0)
        self._thick = max(1, round(picture.shape[0] / 400.0))

    def area(self, corners: NDArray[np.int32], colour: Colour) -> None:
        """Tint a polygon and draw its edge."""
        tinted = self._picture.copy()
        cv2.fillPoly(tinted, [corners], colour)
        cv2.addWeighted(tinted, 0.15, self._picture, 0.85, 0.0, dst=self._picture)
        cv2.polylines(self._picture, [corners], True, colour, self._thick, cv2.LINE_AA)

    def arrow_line(self, start: tuple[int, int], end: tuple[int, int], colour: Colour) -> None:
        """Draw a line, and at its middle an arrow the forward way."""
        cv2.line(self._picture, start, end, colour, self._thick + 1, cv2.LINE_AA)
        along = np.asarray(end, float) - start
        length = float(np.hypot(*along)) or 1.0
        # the right of the walk along the line, with y pointing down the picture
        right = np.asarray((-along[1], along[0])) / length
        middle = (np.asarray(start, float) + end) / 2.0
        tip = middle + right * self._picture.shape[0] * 0.06
        cv2.arrowedLine(
            self._picture,
            (round(middle[0]), round(middle[1])),
            (round(tip[0]), round(tip[1])),
            colour,
            self._thick + 1,
            cv2.LINE_AA,
            tipLength=0.4,
        )

    def box(self, xyxy: tuple[int, int, int, int], colour: Colour, *, solid: bool) -> None:
        """Draw a box; a thin one where the track is only predicted."""
        left, top, right, bottom = xyxy
        thick = self._thick + 1 if solid else 1
        cv2.rectangle(self._picture, (left, top), (right, bottom), colour, thick)

    def dot(self, point: tuple[int, int], colour: Colour) -> None:
        """Mark a point."""
        cv2.circle(self._picture, point, self._thick + 3, _DARK, -1, cv2.LINE_AA)
        cv2.circle(self._picture, point, self._thick + 2, colour, -1, cv2.LINE_AA)

    def text(
        self, text: str, corner: tuple[int, int], colour: Colour, *, below: bool = False
    ) -> None:
        """Write on a plate of the given colour, above a point, kept inside the picture."""
        (width, height), base = cv2.getTextSize(text, _FONT, self._scale, 1)
        x = min(max(0, int(corner[0])), max(0, self._picture.shape[1] - width - 4))
        top = int(corner[1]) if below else int(corner[1]) - height - base - 2
        top = min(max(0, top), max(0, self._picture.shape[0] - height - base - 2))
        plate = (x + width + 4, top + height + base + 2)
        cv2.rectangle(self._picture, (x, top), plate, colour, -1)
        ink = _DARK if sum(colour) > 330 else _WHITE
        cv2.putText(
            self._picture, text, (x + 2, top + height + 1), _FONT, self._scale, ink, 1, cv2.LINE_AA
        )

    def panel(self, rows: list[str]) -> None:
        """Write rows into the top left corner on a dark ground."""
        scale = self._scale * 1.15
        sizes = [cv2.getTextSize(row, _FONT, scale, 1)[0] for row in rows]
        step = max(height for _, height in sizes) + 8
        width = max(width for width, _ in sizes) + 12
        ground = self._picture[: step * len(rows) + 6, :width]
        ground[...] = (ground * 0.25).astype(np.uint8)
        for number, row in enumerate(rows):
            at = (6, step * (number + 1) - 2)
            cv2.putText(self._picture, row, at, _FONT, scale, _WHITE, 1, cv2.LINE_AA)
