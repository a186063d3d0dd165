"""Picture files: their size, their bytes, their pixels."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.datasets.errors import ImportRefused

__all__ = ["jpeg_of", "pixels_of", "stored_form"]

_QUALITY = 92
"""JPEG quality of pictures that are made here: cameras' snapshots have 85 to 95."""


def pixels_of(content: bytes, what: str) -> NDArray[np.uint8]:
    """Return a picture file's pixels, uint8 (h, w, 3) blue, green, red.

    Raises:
        ImportRefused: they are no picture; ``what`` names it.
    """
    found: Any = None
    if content:
        found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if found is None:
        raise ImportRefused(f"picture {what}: {len(content)} bytes that are no picture; replace it")
    return np.asarray(found, np.uint8)


def jpeg_of(pixels: NDArray[np.uint8]) -> bytes:
    """Return pixels as a JPEG file."""
    _, content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return content.tobytes()


def stored_form(path: Path) -> tuple[bytes, str, int, int]:
    """Return a picture file's bytes, suffix, width and height; what is not JPEG or PNG becomes JPEG.

    Raises:
        ImportRefused: it cannot be read, or is no picture.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ImportRefused(
            f"picture {path}: {error.strerror}; the labels name it, so it must be there"
        ) from error
    pixels = pixels_of(content, str(path))
    suffix = {".jpeg": ".jpg"}.get(path.suffix.lower(), path.suffix.lower())
    if suffix not in {".jpg", ".png"}:
        content, suffix = jpeg_of(pixels), ".jpg"
    return content, suffix, pixels.shape[1], pixels.shape[0]
