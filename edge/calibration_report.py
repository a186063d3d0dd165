"""How good a camera's calibration is: figures, and a grid of metres over a frame."""

import math
from pathlib import Path

import cv2
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from edge.camera_config import CameraConfig
from edge.cameras.pyav_source import Pace, PyAvSource
from edge.ground_grid import grid_paths
from edge.ground_view import calibration_of

__all__ = ["CalibrationReport", "draw_grid", "first_picture", "lines_of", "report_on"]

Pixels = NDArray[np.uint8]


class Reach(Struct, frozen=True, kw_only=True):
    """How sure a place is at one height of the picture's middle."""

    y: float
    """Share (0..1) of the picture's height, from the top."""
    away_m: float | None
    """Distance from the lowest point of the picture's middle, metres; None above the horizon."""
    accuracy_m: float | None
    """One standard deviation of a place there, metres."""


class CalibrationReport(Struct, frozen=True, kw_only=True):
    """A camera's calibration in figures."""

    camera: str
    pairs: int
    rms_m: float
    """Root mean square distance of the mapped points from the given places, metres."""
    errors_m: tuple[float, ...]
    """The same for each pair."""
    reach: tuple[Reach, ...]


def report_on(camera: CameraConfig, *, aspect: float) -> CalibrationReport:
    """Return how good a camera's calibration is.

    Args:
        camera: the camera, with a calibration.
        aspect: width of its picture divided by the height.

    Raises:
        CalibrationError: the pairs give no ground plane.
    """
    calibration = calibration_of(camera.calibration, aspect=aspect)
    nearest = calibration.locate(0.5, 0.99)
    reach = []
    for tenth in range(9, 0, -1):
        point = calibration.locate(0.5, tenth / 10.0)
        away = None
        if point is not None and nearest is not None:
            away = math.hypot(point.east_m - nearest.east_m, point.north_m - nearest.north_m)
        reach.append(
            Reach(
                y=tenth / 10.0,
                away_m=None if away is None else round(away, 2),
                accuracy_m=None if point is None else round(point.accuracy_m, 3),
            )
        )
    return CalibrationReport(
        camera=camera.id,
        pairs=len(camera.calibration),
        rms_m=round(calibration.rms_m, 3),
        errors_m=tuple(round(error, 3) for error in calibration.errors_m),
        reach=tuple(reach),
    )


def lines_of(report: CalibrationReport) -> list[str]:
    """Return a report as people read it."""
    lines = [f"{report.camera}: {report.pairs} pairs, root mean square error {report.rms_m:.3f} m"]
    lines += [
        f"  point {number}: {error_m:.3f} m off"
        for number, error_m in enumerate(report.errors_m, start=1)
    ]
    if report.pairs == 4:
        lines.append("  four pairs always fit exactly; give a fifth to see how good they are")
    for one in report.reach:
        place = "above the horizon"
        if one.away_m is not None and one.accuracy_m is not None:
            place = f"{one.away_m:.1f} m away, sure to {one.accuracy_m:.2f} m"
        lines.append(f"  at {one.y:.0%} of the height: {place}")
    return lines


def first_picture(camera: str, address: str | Path) -> Pixels:
    """Return the first frame of a video file, a picture or a network camera, uint8 (h, w, 3) BGR.

    Raises:
        CameraFault: refused, silent, or not a stream.
        CameraSetup: the file is missing or is not a video.
    """
    source = PyAvSource(camera, address, pace=Pace.FAST)
    source.open()
    try:
        while True:
            frame = source.read(10.0)
            if frame is not None:
                return np.array(frame.bgr(), np.uint8)
    finally:
        source.close()


def draw_grid(picture: Pixels, camera: CameraConfig, *, step_m: float = 5.0) -> Pixels:
    """Return a copy of a frame with a grid of metres on the ground and the configured points.

    Args:
        picture: uint8 (h, w, 3) BGR.
        camera: the camera, with a calibration.
        step_m: side of a cell, metres.
    """
    height, width = picture.shape[:2]
    calibration = calibration_of(camera.calibration, aspect=width / height)
    canvas: Pixels = picture.copy()
    image = [pair.image for pair in camera.calibration]
    for path in grid_paths(calibration, image, step_m=step_m):
        points = [(round(x * width), round(y * height)) for x, y in path]
        cv2.polylines(canvas, [np.asarray(points, np.int32)], False, (80, 220, 120), 1, cv2.LINE_AA)
    for number, pair in enumerate(camera.calibration, start=1):
        at = (round(pair.image[0] * width), round(pair.image[1] * height))
        cv2.drawMarker(canvas, at, (60, 76, 231), cv2.MARKER_CROSS, height // 30, 2)
        cv2.putText(
            canvas, str(number), (at[0] + 6, at[1] - 6), cv2.FONT_HERSHEY_SIMPLEX,
            height / 900.0, (60, 76, 231), 2, cv2.LINE_AA,
        )  # fmt: skip
    label = f"cells of {step_m:g} m"
    cv2.putText(
        canvas, label, (8, height - 10), cv2.FONT_HERSHEY_SIMPLEX, height / 900.0,
        (255, 255, 255), 2, cv2.LINE_AA,
    )  # fmt: skip
    return canvas
