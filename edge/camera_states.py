"""How the cameras of a box do, as its status tells it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from contracts.observation import ObservationKind
from contracts.status import CameraState
from edge.camera_lane import CameraLane
from edge.episodes import EpisodeKey

__all__ = ["CameraStates"]

_FRAMES = "frames_read"


class CameraStates:
    """Remembers how many frames there were, so that it can say how many came since."""

    def __init__(self) -> None:
        self._at: datetime | None = None
        self._frames: dict[str, int] = {}

    def tell(
        self, lanes: Sequence[CameraLane], open_keys: Collection[EpisodeKey], now: datetime
    ) -> tuple[CameraState, ...]:
        """Return the state of every camera; frames a second are those since the call before.

        Args:
            lanes: the cameras.
            open_keys: open episodes of the box, flaws of pictures among them.
            now: the moment.
        """
        past_s = None if self._at is None else (now - self._at).total_seconds()
        found = []
        for lane in lanes:
            frames = lane.counters.get(_FRAMES, 0)
            before = self._frames.get(lane.camera)
            fps = None
            if before is not None and past_s:
                fps = round(max(0, frames - before) / past_s, 1)
            self._frames[lane.camera] = frames
            flaws = sorted(
                key.where
                for key in open_keys
                if key.camera == lane.camera and key.kind is ObservationKind.CAMERA_INTEGRITY
            )
            found.append(CameraState(camera=lane.camera, up=lane.up, fps=fps, flaws=tuple(flaws)))
        self._at = now
        return tuple(found)
