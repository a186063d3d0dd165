"""Draws zones, lines and tracks on a redacted picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.camera_config import CameraConfig
from edge.evidence.redaction import redact
from edge.evidence.view import View
from edge.pen import LINE, TRACKS, ZONE, Pen
from edge.vision.tracks import Tracks

__all__ = ["preview_picture"]

_JPEG_QUALITY = 75
_WIDEST = 1280
"""Columns of a preview at most: it is looked at, not kept."""


def preview_picture(view: View, tracks: Tracks | None, camera: CameraConfig) -> bytes | None:
    """Return a JPEG of a view, redacted as evidence is, with what the box makes of it drawn on.

    Args:
        view: a frame and what may be a person or a plate in it.
        tracks: the tracks on it.
        camera: its zones and lines, and how it is redacted.

    Returns:
        None when it could not be encoded.
    """
    picture, _ = redact(view, camera.evidence.redact)
    pen = Pen(picture)
    height, width = picture.shape[:2]
    for zone in camera.zones:
        corners = np.asarray(zone.polygon) * (width, height)
        pen.area(corners.astype(np.int32), ZONE)
        left, top = corners.min(axis=0).astype(int) + 2
        pen.text(zone.id, (int(left), int(top)), ZONE, below=True)
    for line in camera.lines:
        start = (round(line.start[0] * (width - 1)), round(line.start[1] * (height - 1)))
        end = (round(line.end[0] * (width - 1)), round(line.end[1] * (height - 1)))
        pen.arrow_line(start, end, LINE)
    if tracks is not None:
        _draw_tracks(pen, tracks)
    pen.panel([f"{camera.id}  {view.frame.captured_at:%Y-%m-%d %H:%M:%S} UTC"])
    encoded, buffer = cv2.imencode(
        ".jpg", _narrowed(picture), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    )
    return buffer.tobytes() if encoded else None


def _draw_tracks(pen: Pen, tracks: Tracks) -> None:
    labels = tracks.labels()
    for number, track in enumerate(tracks.id.tolist()):
        colour = TRACKS[track % len(TRACKS)]
        left, top, right, bottom = (round(float(value)) for value in tracks.xyxy[number])
        solid = bool(tracks.time_since_seen_s[number] == 0.0)
        pen.box((left, top, right, bottom), colour, solid=solid)
        pen.text(f"{track} {labels[number]}", (left, top), colour)


def _narrowed(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    if width <= _WIDEST:
        return picture
    size = (_WIDEST, round(height * _WIDEST / width))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
