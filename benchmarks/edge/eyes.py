"""A camera's eyes and rules in one process and one loop, as the peers' examples have it."""

import time
from pathlib import Path

from edge.analytics.scene import Scene
from edge.camera_config import CameraConfig
from edge.cameras.pyav_source import PyAvSource
from edge.perception import Perception
from edge.perception_build import build_perception

__all__ = ["Eyes"]


class Eyes:
    """Looks at a film again and again.

    Args:
        camera: how it looks, and its zones and lines.
        film: what it looks at.
        aspect: width over height of the film.
    """

    def __init__(self, camera: CameraConfig, film: Path, *, aspect: float) -> None:
        self._perception: Perception = build_perception(camera, Path("/"))
        self._scene = Scene(camera.zones, camera.lines, aspect=aspect)
        self._source = PyAvSource("street", film, pace="fast", loop=True)
        self._source.open()

    def run(self, frames: int) -> tuple[float, float]:
        """Return the seconds of the clock and of the processor for so many frames."""
        started_s, cpu_s = time.perf_counter(), time.process_time()
        for _ in range(frames):
            frame = self._source.read(1.0)
            assert frame is not None
            if frame.discontinuity:
                self._perception.forget()
                self._scene.clear()
            percept = self._perception.look(frame)
            if percept is not None:
                seen = percept.tracks.seen_now()
                self._scene.update(seen, percept.normalised(seen), frame.pts_s)
        return time.perf_counter() - started_s, time.process_time() - cpu_s
