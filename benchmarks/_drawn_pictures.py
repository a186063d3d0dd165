"""Drawn pictures of streets, and what happens to a picture that is passed on: for the comparison of pictures."""

import io
from random import Random

from PIL import Image, ImageDraw, ImageEnhance

__all__ = ["as_jpeg", "passed_on", "street"]

_SIZE = (240, 180)


def street(rng: Random) -> Image.Image:
    """Return a picture of houses with windows, a road and what lies on it."""
    width, height = _SIZE
    picture = Image.new("RGB", _SIZE, _colour(rng, 120, 230))
    pen = ImageDraw.Draw(picture)
    horizon = round(height * rng.uniform(0.3, 0.6))
    pen.rectangle((0, horizon, width, height), fill=(rng.randrange(60, 140),) * 3)
    left = 0
    while left < width:
        right, roof = left + rng.randrange(18, 52), rng.randrange(4, horizon)
        pen.rectangle((left, roof, right, horizon), fill=_colour(rng, 40, 220))
        for x in range(left + 3, right - 3, 9):
            for y in range(roof + 3, horizon - 3, 10):
                pen.rectangle((x, y, x + 4, y + 5), fill=_colour(rng, 0, 256))
        left = right
    for _ in range(rng.randrange(2, 7)):
        x, y, size = rng.randrange(width), rng.randrange(horizon, height), rng.randrange(12, 45)
        draw = rng.choice((pen.ellipse, pen.rectangle))
        draw((x - size, y - size // 2, x + size, y + size // 2), fill=_colour(rng, 0, 256))
    return picture


def _colour(rng: Random, low: int, high: int) -> tuple[int, int, int]:
    return rng.randrange(low, high), rng.randrange(low, high), rng.randrange(low, high)


def as_jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    """Return the bytes of a picture."""
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=quality)
    return written.getvalue()


def passed_on(
    picture: Image.Image, *, scale: float, brightness: float, quality: int
) -> Image.Image:
    """Return a picture as messengers leave it: of another size, brighter or darker, and coarser.

    Args:
        picture: as it was taken.
        scale: edges afterwards, as a share of what they were.
        brightness: what grey levels are multiplied with.
        quality: of the JPEG, 1 to 95.
    """
    size = (max(17, round(picture.width * scale)), max(16, round(picture.height * scale)))
    changed = picture.resize(size, Image.Resampling.BILINEAR)
    changed = ImageEnhance.Brightness(changed).enhance(brightness)
    return Image.open(io.BytesIO(as_jpeg(changed, quality)))
