"""From what a sensor puts on the wire to the quantity that it means: scale, offset, curve."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Conversion", "ConversionError", "Curve", "Polynomial"]

_STEPS = 200
"""Halvings of an interval when a polynomial is inverted: far more than a double has bits."""


class ConversionError(ValueError):
    """A curve that no calibration can have."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A calibration curve of straight pieces between points; beyond its ends the last piece goes on.

    Attributes:
        points: (raw, true), raw values rising; at least two.

    Raises:
        ConversionError: fewer than two points, or raw values that do not rise.
    """

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Refuse what is no function of the raw value."""
        if len(self.points) < 2:
            raise ConversionError(f"curve of {len(self.points)} points; expected at least two")
        for (before, _), (after, _) in zip(self.points, self.points[1:], strict=False):
            if not before < after:
                raise ConversionError(
                    f"raw value {after:g} follows {before:g}; expected raw values that rise"
                )

    def __call__(self, raw: float) -> float:
        """Return the true value of a raw one."""
        return _along(self.points, raw)

    def inverse(self, true: float) -> float:
        """Return the raw value that means a true one.

        Raises:
            ConversionError: true values neither rise nor fall throughout, so several may mean it.
        """
        turned = [(there, raw) for raw, there in self.points]
        if turned[0][0] > turned[-1][0]:
            turned.reverse()
        return Curve(tuple(turned))(true)


def _along(points: Sequence[tuple[float, float]], at: float) -> float:
    number = bisect_right(points, at, key=lambda point: point[0])
    number = min(max(number, 1), len(points) - 1)
    (x0, y0), (x1, y1) = points[number - 1], points[number]
    share = (at - x0) / (x1 - x0)
    # weighted so that both ends come out exactly
    return y0 * (1.0 - share) + y1 * share


@dataclass(frozen=True, slots=True)
class Polynomial:
    """A calibration polynomial.

    Attributes:
        coefficients: of x^0, x^1, x^2 ...; at least one, all finite.

    Raises:
        ConversionError: no coefficient, or one that is not finite.
    """

    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what gives no number."""
        if not self.coefficients or not all(map(math.isfinite, self.coefficients)):
            raise ConversionError("expected at least one coefficient, all of them finite")

    def __call__(self, raw: float) -> float:
        """Return the true value of a raw one, by Horner's scheme."""
        value = 0.0
        for coefficient in reversed(self.coefficients):
            value = value * raw + coefficient
        return value

    def inverse(self, true: float, low: float, high: float) -> float:
        """Return the raw value between ``low`` and ``high`` that means a true one, by bisection.

        Raises:
            ConversionError: the true value is not reached between them.
        """
        below, above = self(low) - true, self(high) - true
        if below * above > 0.0:
            raise ConversionError(f"{true:g} is not reached between {low:g} and {high:g}")
        for _ in range(_STEPS):
            middle = (low + high) / 2.0
            here = self(middle) - true
            if here * below > 0.0:
                low = middle
            else:
                high = middle
        return (low + high) / 2.0


@dataclass(frozen=True, slots=True)
class Conversion:
    """``shape(raw * scale + offset)``: what a wire's number means.

    Attributes:
        scale: factor, not 0.
        offset: added after the factor.
        shape: a curve or polynomial on top; None for none.
    """

    scale: float = 1.0
    offset: float = 0.0
    shape: Curve | Polynomial | None = None

    def __call__(self, raw: float) -> float:
        """Return the true value of a raw one."""
        value = raw * self.scale + self.offset
        return value if self.shape is None else self.shape(value)

    def inverse(self, true: float, low: float = -1e9, high: float = 1e9) -> float:
        """Return the raw value that means a true one.

        Args:
            true: the value.
            low: least raw value after scale and offset, where a polynomial is to be inverted.
            high: greatest.

        Raises:
            ConversionError: there is none, or several.
        """
        if isinstance(self.shape, Polynomial):
            true = self.shape.inverse(true, low, high)
        elif self.shape is not None:
            true = self.shape.inverse(true)
        return (true - self.offset) / self.scale
