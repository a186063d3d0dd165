"""Median of the last n values: what the rules see of a noisy sensor."""

from statistics import median

from msgspec import Struct

__all__ = ["MedianFilter"]


class MedianFilter(Struct, frozen=True):
    """Running median 中值滤波. It delays what it passes by about half of its values.

    Source: J. W. Tukey, Exploratory Data Analysis, 1977, chapter 7.
    """

    size: int
    """Values that the median is taken of, odd, 3 to 15."""

    def smooth(self, state: tuple[float, ...], value: float) -> tuple[tuple[float, ...], float]:
        """Return the last values with this one, and their median; of fewer while there are fewer."""
        values = (*state, value)[-self.size :]
        return values, median(values)
