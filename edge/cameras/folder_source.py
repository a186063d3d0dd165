"""Pictures in a folder as a camera: recordings frame by frame, or a camera that uploads stills."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.errors import CameraEnded, CameraFault, CameraSetup

__all__ = ["FolderSource"]

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")

_LOOK_EVERY_S = 0.2
"""Seconds between two looks at a folder that is followed."""


class FolderSource:
    """Plays the pictures of a folder in the order of their names; read by one thread.

    Args:
        camera: the camera's id.
        folder: where the pictures are: jpg, png or bmp.
        every_s: seconds of presentation time from one picture to the next, unless it is followed.
        follow: True waits for pictures that are still to come, as from a camera that uploads stills,
            and takes a picture's moment from its file; those that are there already are skipped.
        epoch: moment of the first picture, aware; None takes the first file's.
        seconds: a clock that only grows, in real seconds.
        wait: sleeps for so many real seconds.

    Attributes:
        counters: frames, unreadable_pictures.
    """

    def __init__(
        self,
        camera: str,
        folder: Path,
        *,
        every_s: float = 1.0,
        follow: bool = False,
        epoch: datetime | None = None,
        seconds: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.camera = camera
        self.counters = {"frames": 0, "unreadable_pictures": 0}
        self._folder = folder
        self._every_s = every_s
        self._follow = follow
        self._epoch = epoch
        self._seconds = seconds
        self._wait = wait
        self._opened = False
        self._after = ""
        self._index = 0
        self._pts_s = 0.0

    def open(self) -> None:
        """Look into the folder. Does nothing when already open.

        Raises:
            CameraSetup: it is no folder, or, unless followed, there is no picture in it.
        """
        if self._opened:
            return
        if not self._folder.is_dir():
            raise CameraSetup(
                self.camera, f"{self._folder}: no such folder; check the camera's address"
            )
        names = self._names()
        if not self._follow and not names:
            raise CameraSetup(
                self.camera,
                f"{self._folder} holds no picture; expected files ending in {', '.join(_SUFFIXES)}",
            )
        self._after = names[-1] if self._follow and names else ""
        self._opened = True

    def read(self, timeout_s: float) -> Frame | None:
        """Return the next picture, or None when none came within ``timeout_s`` seconds.

        A file that is still being written, or is no picture, is tried again while it is the last one
        of a followed folder; otherwise it is counted and passed over.

        Raises:
            CameraEnded: the folder is over, and is not followed.
            CameraFault: not open, or the folder is gone.
        """
        if not self._opened:
            raise CameraFault(self.camera, "read before it was opened; call open()")
        until_s = self._seconds() + timeout_s
        while True:
            frame = self._next()
            if frame is not None:
                return frame
            if not self._follow:
                raise CameraEnded(self.camera, f"{self._folder} is over")
            left_s = until_s - self._seconds()
            if left_s <= 0.0:
                return None
            self._wait(min(left_s, _LOOK_EVERY_S))

    def close(self) -> None:
        """Let go; closing twice is harmless."""
        self._opened = False

    def _names(self) -> list[str]:
        try:
            entries = [entry.name for entry in self._folder.iterdir()]
        except OSError as error:
            reason = f"{self._folder}: {error.strerror}; it will be opened again"
            raise CameraFault(self.camera, reason) from error
        return sorted(name for name in entries if name.lower().endswith(_SUFFIXES))

    def _next(self) -> Frame | None:
        names = [name for name in self._names() if name > self._after]
        for name in names:
            path = self._folder / name
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if picture is None:
                if self._follow and name == names[-1]:
                    return None
                self.counters["unreadable_pictures"] += 1
                self._after = name
                continue
            self._after = name
            return self._frame(np.asarray(picture, np.uint8), path)
        return None

    def _frame(self, picture: NDArray[np.uint8], path: Path) -> Frame:
        taken = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if self._epoch is None:
            self._epoch = taken
        if self._follow:
            # files whose times do not grow are a millisecond apart
            passed_s = (taken - self._epoch).total_seconds()
            self._pts_s = passed_s if self._index == 0 else max(passed_s, self._pts_s + 0.001)
        else:
            self._pts_s = self._index * self._every_s
        frame = Frame.from_array(
            picture,
            camera=self.camera,
            index=self._index,
            pts_s=self._pts_s,
            captured_at=self._epoch + timedelta(seconds=self._pts_s),
        )
        self._index += 1
        self.counters["frames"] += 1
        return frame
