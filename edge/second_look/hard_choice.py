"""Which pictures are worth a second look for one network of a camera, and why."""

from collections import Counter

from contracts.review import ReviewReason
from edge.second_look.config import SecondLookConfig
from edge.vision.tracks import Tracks

__all__ = ["HardChoice"]


class HardChoice:
    """Looks at the tracks of one network of a camera; for one thread.

    Args:
        config: what counts as unsure and as flickering.
    """

    def __init__(self, config: SecondLookConfig) -> None:
        self._config = config
        self._away: set[int] = set()
        self._returns: Counter[int] = Counter()
        self._chosen_s: dict[ReviewReason, float] = {}

    def reason(self, tracks: Tracks, pts_s: float, *, disputed: bool) -> ReviewReason | None:
        """Return why a frame is worth a second look; None where it is not, or one was just taken.

        Args:
            tracks: that are alive.
            pts_s: presentation time of the frame, seconds.
            disputed: whether a candidate in the shadow saw something else.
        """
        for reason in self._reasons(tracks, disputed=disputed):
            last_s = self._chosen_s.get(reason)
            if last_s is None or not 0.0 <= pts_s - last_s < self._config.gap_s:
                self._chosen_s[reason] = pts_s
                return reason
        return None

    def forgo(self, reason: ReviewReason) -> None:
        """Take back that a reason was just told: no picture came of it."""
        self._chosen_s.pop(reason, None)

    def _reasons(self, tracks: Tracks, *, disputed: bool) -> list[ReviewReason]:
        reasons = [ReviewReason.DISAGREEMENT] if disputed else []
        if self._flickers(tracks):
            reasons.append(ReviewReason.FLICKER)
        seen = tracks.seen_now()
        unsure = (seen.confidence >= self._config.unsure_from) & (
            seen.confidence < self._config.unsure_to
        )
        if unsure.any():
            reasons.append(ReviewReason.LOW_CONFIDENCE)
        return reasons

    def _flickers(self, tracks: Tracks) -> bool:
        """Count who has come back; return whether one has done so too often."""
        alive = {int(track) for track in tracks.id}
        seen = {int(track) for track in tracks.seen_now().id}
        back = seen & self._away
        self._returns.update(back)
        self._away = alive - seen
        for track in [track for track in self._returns if track not in alive]:
            del self._returns[track]
        often = [track for track in back if self._returns[track] >= self._config.flickers]
        for track in often:
            del self._returns[track]
        return bool(often)
