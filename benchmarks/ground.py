"""``python -m benchmarks ground``: how well a calibrated camera knows places and speeds, on drawn scenes."""

import json
import math
import time
from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from contracts.geometry import from_local_m
from edge.analytics.calibration import Calibration, calibrate
from edge.analytics.ground_motion import GroundMotion
from simulators.scene.labels import Label
from simulators.scene.pinhole import PinholeCamera
from simulators.scene.street_camera import StreetCamera, scene_setting

__all__ = ["main"]

_ORIGIN = (114.0, 30.5)
_PLACES = ((-5.0, 10.0), (5.0, 10.0), (8.0, 45.0), (-8.0, 45.0), (0.0, 25.0))
_WAVER_PX = 1.0
"""Standard deviation of a scripted box's lower edge, pixels of 720 rows."""
_SECONDS, _FPS = 120, 10


def _calibration(camera: PinholeCamera) -> Calibration:
    pixels, _ = camera.project(np.array([(*place, 0.0) for place in _PLACES]))
    image = [(float(x) / camera.width, float(y) / camera.height) for x, y in pixels]
    ground = [from_local_m(_ORIGIN, place) for place in _PLACES]
    return calibrate(image, ground, aspect=camera.width / camera.height)


def _measured(labels: Sequence[Label], camera: PinholeCamera) -> list[Label]:
    """Return what counts: cars that are seen whole, between 10 and 45 m north."""
    return [
        one
        for one in labels
        if one.label in {"car", "truck", "bus"}
        and one.visible >= 0.9
        and 10.0 <= one.foot_north_m <= 45.0
        and one.box_xyxy[3] < camera.height - 2.0
    ]


def main(*, as_json: bool) -> None:
    """Print position and speed errors of scripted boxes in a 720p street, and frames drawn a second."""
    setting = scene_setting("street-day")
    setting = replace(setting, camera=replace(setting.camera, width=1280, height=720))
    camera, rng = setting.camera, np.random.default_rng(7)
    calibration = _calibration(camera)
    origin_m = np.array(_PLACES[0])
    drawn = StreetCamera(setting, 1, fps=_FPS)
    motion = GroundMotion()
    at_thirty: list[float] = []
    everywhere: list[float] = []
    speeds: list[float] = []
    for _ in range(_SECONDS * _FPS):
        frame = drawn.next_frame()
        places = {}
        for one in _measured(frame.labels, camera):
            waver: NDArray[np.float64] = rng.normal(0.0, _WAVER_PX, 2)
            x = (one.box_xyxy[0] + one.box_xyxy[2]) / 2.0 + float(waver[0])
            y = one.box_xyxy[3] + float(waver[1])
            point = calibration.locate(
                x / camera.width, y / camera.height, pixel_share=_WAVER_PX / 720
            )
            if point is None:
                continue
            places[one.id] = point
            found = np.array([point.east_m, point.north_m]) + origin_m
            off = math.dist(found, (one.foot_east_m, one.foot_north_m))
            everywhere.append(off)
            if 25.0 <= one.foot_north_m <= 35.0:
                at_thirty.append(off)
        motion.update(places, frame.at_s)
        for one in _measured(frame.labels, camera):
            velocity = motion.velocity_of(one.id)
            if velocity is not None and one.id in places and one.speed_m_s > 2.0:
                speeds.append(abs(velocity.speed_m_s - one.speed_m_s) / one.speed_m_s)
    plain = StreetCamera(scene_setting("street-day"), 1, fps=_FPS)
    begun_s = time.process_time()
    for _ in range(300):
        plain.next_frame()
    figures = {
        "position_error_m_p95_at_30m": round(float(np.percentile(at_thirty, 95)), 3),
        "position_error_m_p95": round(float(np.percentile(everywhere, 95)), 3),
        "speed_error_p95": round(float(np.percentile(speeds, 95)), 4),
        "places": len(everywhere),
        "speeds": len(speeds),
        "drawn_frames_per_s_640x360": round(300 / (time.process_time() - begun_s)),
    }
    if as_json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:32} {value:>10}")
