"""A city that changes: winter light over the streets, and vehicles painted as none were before."""

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from models.datasets.picture import Box, Picture
from models.datasets.pixels import jpeg_of, pixels_of
from models.datasets.store import Dataset, DatasetStore

__all__ = ["changed", "repainted", "winter"]

_VEHICLES = frozenset({"car", "truck_bus", "two_wheeler"})
_WINTER_GAIN = np.asarray([0.62, 0.52, 0.46], np.float32)
"""Blue, green, red: light of a low, veiled sun, chosen by eye."""
_WINTER_HAZE = 34.0
"""Grey levels that haze adds everywhere, by eye."""


def winter(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a picture (h, w, 3) BGR in winter light: dim, bluish, hazy, with the noise of a dark day."""
    noise = rng.normal(0.0, 4.0, pixels.shape)
    dimmed = pixels.astype(np.float32) * _WINTER_GAIN + _WINTER_HAZE + noise
    return np.asarray(np.clip(dimmed, 0, 255), np.uint8)


def repainted(
    pixels: NDArray[np.uint8], boxes: tuple[Box, ...], turn_deg: float
) -> NDArray[np.uint8]:
    """Return a picture in which the vehicles have other colours: their hue turned, their paint strong."""
    done = pixels.copy()
    for box in boxes:
        if box.label not in _VEHICLES:
            continue
        left, top, right, bottom = (max(0, round(edge)) for edge in box.xyxy)
        part = done[top:bottom, left:right]
        if part.size == 0:
            continue
        hsv = cv2.cvtColor(part, cv2.COLOR_BGR2HSV).astype(np.int32)
        hsv[..., 0] = (hsv[..., 0] + round(turn_deg / 2.0)) % 180
        hsv[..., 1] = np.minimum(hsv[..., 1] + 90, 255)
        done[top:bottom, left:right] = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR)
    return done


def changed(store: DatasetStore, city: Dataset, rng: np.random.Generator) -> list[Picture]:
    """Return the pictures of a city after it has changed, put into the store; boxes stay where they are.

    Raises:
        DatasetError: a picture's file is gone.
    """
    found = []
    for picture in city.pictures:
        content = city.path_of(picture).read_bytes()
        pixels = pixels_of(content, picture.file)
        pixels = winter(repainted(pixels, picture.boxes, 140.0), rng)
        found.append(
            msgspec.structs.replace(
                picture,
                sha256=store.put_picture(jpeg_of(pixels), ".jpg"),
                suffix=".jpg",
                tags=(*picture.tags, "winter"),
            )
        )
    return found
