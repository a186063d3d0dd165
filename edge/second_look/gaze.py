"""What one network of one camera finds: whether that changes, and what of it is worth a second look."""

from contracts.review import ReviewReason
from edge.further_eyes import FurtherLook
from edge.second_look.config import SecondLookConfig
from edge.second_look.drift_watch import Drifted, DriftWatch
from edge.second_look.hard_choice import HardChoice
from edge.vision.tracks import Tracks

__all__ = ["Gaze"]

_WAIT_S = 60.0
"""Longest time (s of video) that something hard waits for its picture. Source: expert setting; the first
network looks at least every ``gate.scan_s`` (5 s), under load some times more rarely."""


class Gaze:
    """Watches the findings of one network of a camera; for one thread.

    A further network looks by the clock, mostly at frames in which nobody looked for people, and those
    leave the box covered as a whole: of no use to who learns. So what it finds hard waits for the next
    frame that the first network looks at; what it is for stands still that long.

    Args:
        camera: the camera's id.
        config: what is worth a second look.
        further: which of the camera's further networks it is; empty: its first.
    """

    def __init__(self, camera: str, config: SecondLookConfig, further: str = "") -> None:
        self.further = further
        self._drift = DriftWatch(camera, config.drift_findings, further)
        self._choice = HardChoice(config)
        self._last: tuple[float, FurtherLook] | None = None
        self._owed: list[ReviewReason] = []

    def drift(self, tracks: Tracks, pts_s: float, model: str) -> Drifted | None:
        """Take what was just seen; return a comparison where a window is full."""
        return self._drift.look(tracks.seen_now(), pts_s, model)

    def reason(self, tracks: Tracks, pts_s: float, *, disputed: bool) -> ReviewReason | None:
        """Return why this very frame is worth a second look; None where it is not."""
        return self._choice.reason(tracks, pts_s, disputed=disputed)

    def owe(self, look: FurtherLook, pts_s: float, *, disputed: bool) -> None:
        """Take a look of a further network; what is hard about it is owed a picture.

        Args:
            look: what it has seen.
            pts_s: presentation time of the frame with which that came, seconds.
            disputed: whether a candidate in its shadow saw something else.
        """
        self._last = pts_s, look
        if reason := self._choice.reason(look.tracks, pts_s, disputed=disputed):
            self._owed.append(reason)
        if len(look.tracks) == 0:
            self._forgo(but=ReviewReason.DISAGREEMENT)

    def settle(self, pts_s: float) -> tuple[ReviewReason, FurtherLook] | None:
        """Return what a picture of the present frame is owed to, and what the network saw last.

        Args:
            pts_s: presentation time of a frame that the first network looked at, seconds.
        """
        if self._last is None or not self._owed:
            return None
        seen_s, look = self._last
        if not 0.0 <= pts_s - seen_s < _WAIT_S:
            self._forgo()
            return None
        # one picture serves them all
        reason, self._owed = self._owed[0], []
        return reason, look

    def forget(self) -> None:
        """Let go of what waits: the picture is another one from now on."""
        self._last = None
        self._forgo()

    def _forgo(self, *, but: ReviewReason | None = None) -> None:
        for reason in self._owed:
            if reason is not but:
                self._choice.forgo(reason)
        self._owed = [reason for reason in self._owed if reason is but]
