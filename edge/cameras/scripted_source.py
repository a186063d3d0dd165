"""A camera whose pictures and mishaps are given beforehand: the in-memory source."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.errors import CameraEnded, CameraError, CameraFault

__all__ = ["ScriptedSource"]


class ScriptedSource:
    """Plays a list: a picture becomes a frame, None a read without one, an error is raised.

    Args:
        camera: the camera's id.
        script: uint8 pictures, (h, w, 3) BGR or (h, w) grey; None; or errors of the port.
        epoch: moment of the first frame, aware.
        fps: frames per second of presentation time. Default 25.
        refusals: how many times :meth:`open` fails with a CameraFault before it succeeds.

    Each reopening goes on in the script where the last one stopped, with presentation time from 0.
    """

    def __init__(
        self,
        camera: str,
        script: Sequence[NDArray[np.uint8] | CameraError | None],
        *,
        epoch: datetime,
        fps: float = 25.0,
        refusals: int = 0,
    ) -> None:
        self.camera = camera
        self.counters = {"frames": 0, "opens": 0}
        self._script = list(script)
        self._position = 0
        self._epoch = epoch
        self._fps = fps
        self._refusals = refusals
        self._opened = False
        self._index = 0

    def open(self) -> None:
        """Connect. Does nothing when already open.

        Raises:
            CameraFault: as many times as the script refuses.
        """
        if self._opened:
            return
        self.counters["opens"] += 1
        if self._refusals > 0:
            self._refusals -= 1
            raise CameraFault(self.camera, "refused by its script; open it again")
        self._opened = True
        self._epoch += timedelta(seconds=self._index / self._fps)
        self._index = 0

    def read(self, timeout_s: float) -> Frame | None:  # noqa: ARG002 - a script never waits
        """Return the next frame of the script, or None where it says so.

        Raises:
            CameraEnded: the script is over.
            CameraError: the error that stands in the script.
            CameraFault: not open.
        """
        if not self._opened:
            raise CameraFault(self.camera, "read before it was opened; call open()")
        if self._position >= len(self._script):
            raise CameraEnded(self.camera, f"script of {len(self._script)} entries is over")
        entry = self._script[self._position]
        self._position += 1
        if entry is None:
            return None
        if isinstance(entry, CameraError):
            raise entry
        pts_s = self._index / self._fps
        frame = Frame.from_array(
            entry,
            camera=self.camera,
            index=self._index,
            pts_s=pts_s,
            captured_at=self._epoch + timedelta(seconds=pts_s),
        )
        self._index += 1
        self.counters["frames"] += 1
        return frame

    def close(self) -> None:
        """Let go; closing twice is harmless."""
        self._opened = False
