"""Makes preview pictures in the loop's own thread, and only while somebody looks."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Condition

from edge.camera_config import CameraConfig
from edge.camera_lane import CameraLane
from edge.preview.drawing import preview_picture

__all__ = ["PreviewDesk"]

_WATCHED_S = 10.0
"""Real seconds after the last request during which pictures are made."""


class PreviewDesk:
    """Pictures for other threads.

    Frames belong to the loop, so a picture is redacted and encoded there; what leaves this class is
    finished bytes.

    Args:
        lanes: cameras by id.
        camera: returns a camera as it is configured now.
        every_s: least seconds between two pictures of a camera.
        seconds: a clock that only grows, in seconds.
    """

    def __init__(
        self,
        lanes: Mapping[str, CameraLane],
        camera: Callable[[str], CameraConfig],
        *,
        every_s: float,
        seconds: Callable[[], float],
    ) -> None:
        self._lanes = lanes
        self._camera = camera
        self._every = timedelta(seconds=every_s)
        self._seconds = seconds
        self._changed = Condition()
        self._wanted_s: dict[str, float] = {}
        self._due: dict[str, datetime] = {}
        self._pictures: dict[str, tuple[int, int, bytes]] = {}
        self.counters: dict[str, int] = {"previews_made": 0}

    @property
    def cameras(self) -> tuple[str, ...]:
        """Ids of the cameras that there are."""
        return tuple(self._lanes)

    def step(self, now: datetime) -> None:
        """Make the pictures that somebody waits for."""
        moment = self._seconds()
        with self._changed:
            wanted = [name for name, s in self._wanted_s.items() if moment - s < _WATCHED_S]
        for name in wanted:
            if now >= self._due.get(name, now):
                self._make(name, now)

    def close(self) -> None:
        """Let go of who waits."""
        with self._changed:
            self._changed.notify_all()

    def picture(self, camera: str, *, after: int, timeout_s: float) -> tuple[int, bytes] | None:
        """Return the number and JPEG of a camera's first picture after ``after``. Thread-safe.

        Args:
            camera: one of :attr:`cameras`.
            after: number of the picture seen last; 0 takes any.
            timeout_s: real seconds to wait; None is returned when none came.
        """
        with self._changed:
            self._wanted_s[camera] = self._seconds()

            def there() -> bool:
                return self._pictures.get(camera, (0,))[0] > after

            if not self._changed.wait_for(there, timeout_s):
                return None
            number, _, jpeg = self._pictures[camera]
            return number, jpeg

    def _make(self, name: str, now: datetime) -> None:
        lane = self._lanes[name]
        view = lane.view()
        number, frame, _ = self._pictures.get(name, (0, -1, b""))
        if view is None or view.frame.index == frame:
            return
        jpeg = preview_picture(view, lane.tracks(), self._camera(name))
        if jpeg is None:
            return
        self._due[name] = now + self._every
        self.counters["previews_made"] += 1
        with self._changed:
            self._pictures[name] = (number + 1, view.frame.index, jpeg)
            self._changed.notify_all()
