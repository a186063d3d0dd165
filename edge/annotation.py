"""Draws what the box saw onto the frames of a video, for people."""

from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from edge.analytics.scene import Scene, anchors
from edge.camera_config import CameraConfig
from edge.perception import Percept
from edge.replay import ReplayResult

__all__ = ["AnnotatedVideo", "draw"]

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

_LINE: Colour = (0, 215, 255)
_ZONE: Colour = (255, 160, 60)
_DARK: Colour = (24, 24, 24)
_WHITE: Colour = (255, 255, 255)
_TRACKS: tuple[Colour, ...] = (
    (80, 175, 76), (60, 76, 231), (219, 152, 52), (18, 156, 243),
    (182, 89, 155), (156, 188, 26), (34, 126, 230), (113, 204, 46),
)  # fmt: skip
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw(percept: Percept, scene: Scene, camera: CameraConfig, result: ReplayResult) -> Pixels:
    """Return a copy of the frame with zones, lines, boxes, ids, classes, stays and counts.

    Returns:
        uint8 (h, w, 3) BGR.
    """
    picture = percept.frame.bgr().copy()
    height, width = picture.shape[:2]
    pen = _Pen(picture)
    for zone in camera.zones:
        corners = np.asarray(zone.polygon) * (width, height)
        pen.area(corners.astype(np.int32), _ZONE)
        pen.text(zone.id, tuple(corners.min(axis=0).astype(int) + 2), _ZONE, below=True)
    for line in camera.lines:
        start = (round(line.start[0] * (width - 1)), round(line.start[1] * (height - 1)))
        end = (round(line.end[0] * (width - 1)), round(line.end[1] * (height - 1)))
        pen.arrow_line(start, end, _LINE)
    _draw_tracks(pen, percept, scene, camera)
    rows = [f"{percept.frame.pts_s:6.2f} s   frame {percept.frame.index}"]
    for line in camera.lines:
        totals = result.totals(line.id)
        rows.append(f"{line.id}: forward {totals['forward']}  backward {totals['backward']}")
    pen.panel(rows)
    return picture


def _draw_tracks(pen: "_Pen", percept: Percept, scene: Scene, camera: CameraConfig) -> None:
    tracks = percept.tracks
    height, width = percept.frame.height, percept.frame.width
    boxes = percept.normalised(tracks)
    shown = {zone.anchor for zone in camera.zones} | {line.anchor for line in camera.lines}
    labels = tracks.labels()
    for number, track in enumerate(tracks.id.tolist()):
        colour = _TRACKS[track % len(_TRACKS)]
        left, top, right, bottom = (round(float(v)) for v in tracks.xyxy[number])
        pen.box((left, top, right, bottom), colour, solid=tracks.time_since_seen_s[number] == 0.0)
        for anchor in shown:
            x, y = anchors(boxes[number : number + 1], anchor)[0] * (width, height)
            pen.dot((round(x), round(y)), colour)
        dwell_s = max(scene.dwells(track).values(), default=0.0)
        stay = f" {dwell_s:.1f}s" if dwell_s else ""
        pen.text(f"{track} {labels[number]}{stay}", (left, top), colour)


class _Pen:
    """Draws on a picture, in a size that suits it."""

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


class AnnotatedVideo:
    """Writes pictures into an MP4 file (H.264), each at its own moment; a context manager.

    Args:
        path: the file; its folder must exist.
    """

    _CLOCK = Fraction(1, 90_000)

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path), "w", format="mp4")
        self._stream: av.VideoStream | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            for packet in self._stream.encode(None):
                self._container.mux(packet)
        self._container.close()

    def write(self, picture: Pixels, pts_s: float) -> None:
        """Add a picture, uint8 (h, w, 3) BGR, at ``pts_s`` seconds, later than the last one."""
        # H.264 with 4:2:0 colour wants even sides
        even = picture[: picture.shape[0] & ~1, : picture.shape[1] & ~1]
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=25)
            self._stream.width, self._stream.height = even.shape[1], even.shape[0]
            self._stream.pix_fmt = "yuv420p"
            self._stream.options = {"preset": "veryfast", "crf": "21"}
            self._stream.time_base = self._CLOCK
            self._stream.codec_context.time_base = self._CLOCK
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="bgr24")
        frame.pts = round(pts_s / float(self._CLOCK))
        frame.time_base = self._CLOCK
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
