"""Whether a camera still shows what it should: frozen, covered, out of focus, turned away.

Works on a small grey picture, so it costs little; every finding has to last before it is told, and to
be gone for a while before it is taken back.
"""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["CameraIntegrity", "Flaw", "FlawChange"]

Grey = NDArray[np.uint8]

_ROWS, _COLUMNS = 90, 160
_FLAT_STD = 4.0
"""Grey levels (of 255): a picture with less contrast shows nothing. Source: expert setting; a night
street under one lamp has more than 10, a hand or a bag over the lens less than 3."""

_BLUR_SHARE = 0.25
"""A picture has lost focus when its sharpness is below this share of its usual one. Source: expert setting."""

_SHIFT_SHARE = 0.04
"""Share of the picture's width that the view must have moved. Source: expert setting."""

_SHIFT_PEAK = 0.12
"""Least height of the phase correlation's peak (0..1) for a shift to be believed."""

_USUAL_GAIN = 0.02
"""Weight of a new frame in the usual sharpness and the reference picture, a check a second."""


_SAME_LEVELS = 1.5
"""Mean difference in grey levels below which a picture shows what the one that was judged last shows.
Source: expert setting; noise, averaged over the 16 pixels or more behind each of these, moves them by less."""

_JUDGE_S = 5.0
"""Longest time that a judgement stands while the picture stays the same."""


class Flaw(StrEnum):
    """What is wrong with a camera's picture."""

    FROZEN = "frozen"
    """The same picture over and over, to the last bit, while time goes on."""
    COVERED = "covered"
    """No contrast: painted, bagged, a hand, or no light at all."""
    DEFOCUSED = "defocused"
    """Far less sharp than usual: dirt, fog, a turned ring."""
    SHIFTED = "shifted"
    """The view has moved: zones and lines are not where they were drawn."""


@dataclass(frozen=True, slots=True)
class FlawChange:
    """A flaw began or is over; times in seconds of presentation time."""

    flaw: Flaw
    began: bool
    since_s: float
    until_s: float


@dataclass(slots=True)
class _Course:
    since_s: float | None = None
    good_s: float | None = None
    told: bool = False


class CameraIntegrity:
    """Watches one camera's pictures.

    Args:
        after_s: seconds that a flaw must last before it is told.
        frozen_after_s: the same for a picture that does not change.
        clear_s: seconds that it must be gone.
        every_s: seconds between two looks.
        learn_s: seconds of good pictures before sharpness and view can be judged.
    """

    def __init__(
        self,
        *,
        after_s: float = 10.0,
        frozen_after_s: float = 30.0,
        clear_s: float = 5.0,
        every_s: float = 1.0,
        learn_s: float = 10.0,
    ) -> None:
        self._after_s = dict.fromkeys(Flaw, after_s) | {Flaw.FROZEN: frozen_after_s}
        self._clear_s = clear_s
        self._every_s, self._learn_s = every_s, learn_s
        self._courses = {flaw: _Course() for flaw in Flaw}
        self._looked_s: float | None = None
        self._learned_s = 0.0
        self._last: Grey | None = None
        self._sharpness: float | None = None
        self._reference: NDArray[np.float32] | None = None
        self._judged: tuple[Grey, float, frozenset[Flaw]] | None = None

    @property
    def flaws(self) -> frozenset[Flaw]:
        """What is told and not taken back."""
        return frozenset(flaw for flaw, course in self._courses.items() if course.told)

    def update(self, luma: Grey, pts_s: float) -> list[FlawChange]:
        """Return what changed.

        Args:
            luma: brightness, uint8 (h, w).
            pts_s: presentation time in seconds.
        """
        if self._looked_s is not None and pts_s - self._looked_s < self._every_s - 1e-6:
            return []
        step_s = 0.0 if self._looked_s is None else pts_s - self._looked_s
        self._looked_s = pts_s
        small = _shrunk(luma)
        repeats = self._repeats(luma)
        calm = not any(course.since_s is not None for course in self._courses.values())
        found = self._standing(small, pts_s)
        if found is None:
            found = self._judge(small)
            self._judged = (small, pts_s, found)
            if not found and calm and not repeats:
                self._learn(small)
        if repeats:
            found |= {Flaw.FROZEN}
        elif not found and calm:
            self._learned_s += step_s
        self._last = luma[::4, ::4].copy()
        changes: list[FlawChange] = []
        for flaw, course in self._courses.items():
            changes += self._move(flaw, course, pts_s, bad=flaw in found)
        return changes

    def _repeats(self, luma: Grey) -> bool:
        """Return whether the picture is the last one, to the last bit.

        A sensor's noise changes some pixel of every frame; a stream that repeats changes none.
        """
        return self._last is not None and np.array_equal(self._last, luma[::4, ::4])

    def _standing(self, small: Grey, pts_s: float) -> frozenset[Flaw] | None:
        """Return the last judgement where the picture has not changed since, else None."""
        if self._judged is None or self._learned_s < self._learn_s:
            return None
        judged, at_s, found = self._judged
        if found or pts_s - at_s >= _JUDGE_S - 1e-6:
            return None
        return found if cv2.norm(small, judged, cv2.NORM_L1) < _SAME_LEVELS * small.size else None

    def _judge(self, small: Grey) -> frozenset[Flaw]:
        """Return what is wrong with a picture by itself."""
        if float(cv2.meanStdDev(small)[1][0, 0]) < _FLAT_STD:
            return frozenset({Flaw.COVERED})
        if self._learned_s < self._learn_s or self._sharpness is None or self._reference is None:
            return frozenset()
        if _sharpness(small) < _BLUR_SHARE * self._sharpness:
            return frozenset({Flaw.DEFOCUSED})
        (dx, dy), peak = cv2.phaseCorrelate(self._reference, _edges(small), _WINDOW)
        if peak >= _SHIFT_PEAK and np.hypot(dx, dy) > _SHIFT_SHARE * _COLUMNS:
            return frozenset({Flaw.SHIFTED})
        return frozenset()

    def _learn(self, small: Grey) -> None:
        sharpness, edges = _sharpness(small), _edges(small)
        if self._sharpness is None or self._reference is None:
            self._sharpness, self._reference = sharpness, edges
            return
        self._sharpness += _USUAL_GAIN * (sharpness - self._sharpness)
        self._reference += np.float32(_USUAL_GAIN) * (edges - self._reference)

    def _move(self, flaw: Flaw, course: _Course, pts_s: float, *, bad: bool) -> list[FlawChange]:
        if bad:
            course.good_s = None
            if course.since_s is None:
                course.since_s = pts_s
            if not course.told and pts_s - course.since_s >= self._after_s[flaw] - 1e-6:
                course.told = True
                return [FlawChange(flaw, True, course.since_s, pts_s)]
            return []
        if course.since_s is None:
            return []
        if not course.told:
            course.since_s = None
            return []
        if course.good_s is None:
            course.good_s = pts_s
        if pts_s - course.good_s < self._clear_s - 1e-6:
            return []
        change = FlawChange(flaw, False, course.since_s, course.good_s)
        self._courses[flaw] = _Course()
        return [change]

    def restart(self) -> None:
        """Begin to learn anew, as after a reconnect; what was told stays until it is seen to be over."""
        self._looked_s = self._last = self._judged = None


_WINDOW = cv2.createHanningWindow((_COLUMNS, _ROWS), cv2.CV_32F)


def _shrunk(luma: Grey) -> Grey:
    """Return the mean brightness of 160 x 90 parts of a picture.

    By halves as far as that goes: averaging four pixels at a time is seven times as fast as sixteen.
    """
    height, width = luma.shape
    while width >= 2 * _COLUMNS and height >= 2 * _ROWS and width % 2 == 0 and height % 2 == 0:
        width, height = width // 2, height // 2
        luma = np.asarray(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(luma, (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA), np.uint8)


def _sharpness(small: Grey) -> float:
    """Return the variance of the Laplacian. Source: J. L. Pech-Pacheco et al., ICPR 2000."""
    return float(cv2.Laplacian(small, cv2.CV_32F).var())


def _edges(small: Grey) -> NDArray[np.float32]:
    """Return the strength of edges: it stays where light and weather change, float32 (90, 160)."""
    across = cv2.Sobel(small, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(small, cv2.CV_32F, 0, 1)
    return np.asarray(np.minimum(cv2.magnitude(across, down), 255.0), np.float32)
