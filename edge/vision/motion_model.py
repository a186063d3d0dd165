"""Constant-velocity Kalman filters of many boxes at once, in seconds.

Centre, width and height of a box move independently of each other, so that the filter of a box is
four filters of two states (value, velocity), and all boxes' filters are arrays (n, 4) that one
expression updates. Only the centre has a velocity: a box that shrinks because its owner walks
behind a tree must not go on shrinking while the tree hides him. Noise grows with the height of the box, as in SORT and ByteTrack, and with
time, not with frames: a camera at 5 fps is tracked by the same rule as one at 25.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["MotionModel", "to_centre", "to_corners"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_MEASUREMENT = 0.05
"""Standard deviation of a measured edge, in box heights. Source: ByteTrack (1/20)."""

_START_VELOCITY = 1.0
"""Standard deviation of an unknown velocity, in box heights a second.

Source: a pedestrian of 1.7 m at 1.4 m/s moves 0.8 heights a second.
"""

_ACCELERATION = 0.3
"""White-noise acceleration, in box heights per s^1.5.

Source: a pedestrian of 1.7 m changes his velocity by about 0.5 m/s in a second.
"""

_GROWTH = 0.1
"""Random walk of width and height, in box heights per s^0.5.

Source: a stride opens and closes a walker's box by about a tenth of his height a second.
"""


_MOVES = np.array([1.0, 1.0, 0.0, 0.0])
"""Which of centre x, centre y, width and height have a velocity."""

_NOISE, _WALK = (_ACCELERATION * _MOVES) ** 2, (_GROWTH * (1.0 - _MOVES)) ** 2
"""Variances of a second of either, for a box one pixel high."""


def to_centre(xyxy: NDArray[np.floating]) -> Floats:
    """Return boxes (n, 4) as centre x, centre y, width, height."""
    low, high = np.asarray(xyxy[:, :2], np.float64), np.asarray(xyxy[:, 2:], np.float64)
    return np.concatenate(((low + high) / 2, high - low), axis=1)


def to_corners(cxcywh: Floats) -> NDArray[np.float32]:
    """Return boxes (n, 4) as left, top, right, bottom; float32."""
    half = cxcywh[:, 2:] / 2
    return np.concatenate((cxcywh[:, :2] - half, cxcywh[:, :2] + half), axis=1).astype(np.float32)


class MotionModel:
    """The filters of n boxes.

    Attributes:
        value: float64 (n, 4), centre x, centre y, width, height in pixels.
        velocity: float64 (n, 4), of the same in pixels per second.
    """

    def __init__(self) -> None:
        self.value: Floats = np.empty((0, 4))
        self.velocity: Floats = np.empty((0, 4))
        # covariance of value with itself, of value with velocity, of velocity with itself
        self._vv: Floats = np.empty((0, 4))
        self._vd: Floats = np.empty((0, 4))
        self._dd: Floats = np.empty((0, 4))

    def __len__(self) -> int:
        return len(self.value)

    def boxes(self) -> NDArray[np.float32]:
        """Return the boxes (n, 4) as left, top, right, bottom; float32."""
        return to_corners(self.value)

    def append(self, xyxy: NDArray[np.floating]) -> None:
        """Start filters at measured boxes (m, 4), standing still as far as is known."""
        value = to_centre(xyxy)
        scale = np.repeat(value[:, 3:4], 4, axis=1)
        still = np.zeros_like(value)
        self.value = np.concatenate((self.value, value))
        self.velocity = np.concatenate((self.velocity, still))
        self._vv = np.concatenate((self._vv, (2 * _MEASUREMENT * scale) ** 2))
        self._vd = np.concatenate((self._vd, still))
        self._dd = np.concatenate((self._dd, (_START_VELOCITY * _MOVES * scale) ** 2))

    def keep(self, rows: Mask) -> None:
        """Drop the filters where ``rows`` is false."""
        self.value, self.velocity = self.value[rows], self.velocity[rows]
        self._vv, self._vd, self._dd = self._vv[rows], self._vd[rows], self._dd[rows]

    def predict(self, elapsed_s: float) -> None:
        """Move every box on by ``elapsed_s`` seconds."""
        squares = self.value[:, 3:4] ** 2
        noise = _NOISE * squares
        self.value += self.velocity * elapsed_s
        # what the variance of the velocity adds in this time to what it has to do with the value
        shift = self._dd * elapsed_s
        self._vv += elapsed_s * (2 * self._vd + shift)
        self._vv += noise * (elapsed_s**3 / 3) + _WALK * elapsed_s * squares
        self._vd += shift + noise * (elapsed_s**2 / 2)
        self._dd += noise * elapsed_s

    def correct(self, rows: NDArray[np.int64], xyxy: NDArray[np.floating]) -> None:
        """Correct the filters ``rows`` (m,) by measured boxes (m, 4)."""
        measured = to_centre(xyxy)
        value, vv, vd = self.value[rows], self._vv[rows], self._vd[rows]
        gain_base = vv + (_MEASUREMENT * measured[:, 3:4]) ** 2
        value_gain, velocity_gain = vv / gain_base, vd / gain_base
        surprise = measured - value
        kept = 1 - value_gain
        self.value[rows] = value + value_gain * surprise
        self.velocity[rows] += velocity_gain * surprise
        self._dd[rows] -= velocity_gain * vd
        self._vd[rows] = vd * kept
        self._vv[rows] = vv * kept

    def stop(self, rows: Mask) -> None:
        """Set the velocity of these boxes to nought: the picture did not change."""
        self.velocity[rows] = 0.0
