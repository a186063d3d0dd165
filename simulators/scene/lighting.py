"""Light and weather over a drawn picture: day, dusk, night, rain and the chip's own noise."""

from typing import Any

import cv2
import numpy as np
from msgspec import Struct

__all__ = ["LIGHTS", "Lighting", "Shader"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


class Lighting(Struct, frozen=True, kw_only=True):
    """How it looks outside."""

    gain: float = 1.0
    """Brightness, 1 by day, 0.25 at night under lamps."""
    noise: float = 3.0
    """Standard deviation of the chip's noise, grey levels; more at night."""
    rain: float = 0.0
    """0 dry to 1 pouring: streaks, and less contrast."""
    glare: float = 0.0
    """0 to 1: a low sun in the upper corner."""
    sun: tuple[float, float] = (0.85, 0.05)
    """Where the low sun stands, shares of the picture."""
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Gain of blue, green and red beside the brightness: street lamps are warm."""


LIGHTS: dict[str, Lighting] = {
    "day": Lighting(),
    "night": Lighting(gain=0.3, noise=7.0),
    "rain": Lighting(gain=0.8, noise=4.0, rain=0.7),
    "glare": Lighting(glare=0.8),
}
"""Light by name."""


class Shader:
    """Puts light and weather on pictures; tiles are made once, so a frame costs little.

    Args:
        lighting: what it looks like.
        width: columns.
        height: rows.
        rng: draws the tiles.
        tiles: how many different pictures of noise there are.
    """

    def __init__(
        self,
        lighting: Lighting,
        width: int,
        height: int,
        rng: np.random.Generator,
        tiles: int = 8,
    ) -> None:
        self._tiles = tiles
        self._light = lighting
        gains = lighting.gain * np.array(lighting.tint)
        curve = np.clip(np.arange(256.0)[:, None] * gains, 0.0, 255.0).round().astype(np.uint8)
        self._curve = None if (gains == 1.0).all() else curve[:, None, :]
        noise = np.round(rng.normal(0.0, lighting.noise, (self._tiles, height, width)))
        # bytes that saturate, once up and once down: several times as fast as signed numbers
        self._brighter = [_grey(np.maximum(one, 0.0)) for one in noise]
        self._darker = [_grey(np.maximum(-one, 0.0)) for one in noise]
        self._glare = self._sun(width, height) if lighting.glare > 0.0 else None
        self._streaks = [
            self._shower(width, height, rng)
            for _ in range(self._tiles if lighting.rain > 0.0 else 0)
        ]

    def shade(self, picture: Pixels, index: int) -> Pixels:
        """Return a picture as the camera gives it, uint8 ``(h, w, 3)``; ``index`` picks the noise."""
        light = self._light
        lit: Any = picture
        if self._curve is not None:
            lit = cv2.LUT(lit, self._curve)
        if self._glare is not None:
            lit = cv2.add(lit, self._glare)
        if self._streaks:
            lit = cv2.convertScaleAbs(lit, alpha=1.0 - 0.25 * light.rain, beta=28.0 * light.rain)
            lit = cv2.add(lit, self._streaks[index * 5 % self._tiles])
        tile = index * 3 % self._tiles
        noisy = cv2.subtract(cv2.add(lit, self._brighter[tile]), self._darker[tile])
        return np.asarray(noisy, np.uint8)

    def _shower(self, width: int, height: int, rng: np.random.Generator) -> Pixels:
        canvas = np.zeros((height, width, 3), np.uint8)
        for _ in range(int(self._light.rain * width * height / 900)):
            x, y = int(rng.integers(width)), int(rng.integers(height))
            length = int(rng.integers(height // 40, height // 14))
            cv2.line(canvas, (x, y), (x + length // 6, y + length), (48, 44, 42), 1)
        return canvas

    def _sun(self, width: int, height: int) -> Pixels:
        rows, columns = np.mgrid[0:height, 0:width]
        away = np.hypot(columns - width * self._light.sun[0], rows - height * self._light.sun[1])
        away /= height
        bright = 200.0 * self._light.glare * np.exp(-((away / 0.45) ** 2))
        return np.repeat(bright[:, :, None], 3, axis=2).astype(np.uint8)


def _grey(values: np.ndarray[Any, np.dtype[np.float64]]) -> Pixels:
    """Return one channel as three, uint8 ``(h, w, 3)``."""
    return np.repeat(np.clip(values, 0.0, 255.0).astype(np.uint8)[:, :, None], 3, axis=2)
