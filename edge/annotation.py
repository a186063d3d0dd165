"""Draws what the box saw onto the frames of a video, for people."""

from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np
from numpy.typing import NDArray

from edge.analytics.scene import Scene, anchors
from edge.camera_config import CameraConfig
from edge.pen import LINE, TRACKS, ZONE, Pen
from edge.perception import Percept
from edge.replay import ReplayResult

__all__ = ["AnnotatedVideo", "draw"]

Pixels = NDArray[np.uint8]


def draw(percept: Percept, scene: Scene, camera: CameraConfig, result: ReplayResult) -> Pixels:
    """Return a copy of the frame with zones, lines, boxes, ids, classes, stays and counts.

    Returns:
        uint8 (h, w, 3) BGR.
    """
    picture = percept.frame.bgr().copy()
    height, width = picture.shape[:2]
    pen = Pen(picture)
    for zone in camera.zones:
        corners = np.asarray(zone.polygon) * (width, height)
        pen.area(corners.astype(np.int32), ZONE)
        pen.text(zone.id, tuple(corners.min(axis=0).astype(int) + 2), ZONE, below=True)
    for line in camera.lines:
        start = (round(line.start[0] * (width - 1)), round(line.start[1] * (height - 1)))
        end = (round(line.end[0] * (width - 1)), round(line.end[1] * (height - 1)))
        pen.arrow_line(start, end, LINE)
    _draw_tracks(pen, percept, scene, camera)
    rows = [f"{percept.frame.pts_s:6.2f} s   frame {percept.frame.index}"]
    for line in camera.lines:
        totals = result.totals(line.id)
        rows.append(f"{line.id}: forward {totals['forward']}  backward {totals['backward']}")
    pen.panel(rows)
    return picture


def _draw_tracks(pen: Pen, percept: Percept, scene: Scene, camera: CameraConfig) -> None:
    tracks = percept.tracks
    height, width = percept.frame.height, percept.frame.width
    boxes = percept.normalised(tracks)
    shown = {zone.anchor for zone in camera.zones} | {line.anchor for line in camera.lines}
    labels = tracks.labels()
    for number, track in enumerate(tracks.id.tolist()):
        colour = TRACKS[track % len(TRACKS)]
        left, top, right, bottom = (round(float(v)) for v in tracks.xyxy[number])
        pen.box((left, top, right, bottom), colour, solid=tracks.time_since_seen_s[number] == 0.0)
        for anchor in shown:
            x, y = anchors(boxes[number : number + 1], anchor)[0] * (width, height)
            pen.dot((round(x), round(y)), colour)
        dwell_s = max(scene.dwells(track).values(), default=0.0)
        stay = f" {dwell_s:.1f}s" if dwell_s else ""
        pen.text(f"{track} {labels[number]}{stay}", (left, top), colour)


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
