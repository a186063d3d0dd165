"""The perceptual hash of a stored picture: what tells that two reports brought the same one, whatever was done to it on its way.

A messenger makes a picture smaller, coarser, brighter; its hash hardly changes. Grey levels are compared with the
picture's own contrast, so brightness does not matter. A picture without structure (night, a covered lens, a plain wall,
a few lamps, a handful of mosaic blocks) has no hash: it would look like every other one of its sort.
"""

import io
import struct
from array import array
from itertools import pairwise
from statistics import pstdev

from PIL import Image, ImageOps

from contracts.picture_hash import COLUMNS, HASH_BITS, ROWS, difference_bits

__all__ = ["HASH_BYTES", "MAX_PIXELS", "NO_HASH", "hash_picture"]

HASH_BYTES = HASH_BITS // 8

NO_HASH = b""
"""What is kept of a picture that has none, and of clips: nobody looks again."""

MAX_PIXELS = 25_000_000
"""Larger pictures are not decoded: twice what telephones send, and 75 MB in memory."""

_MAX_SCANS = 32
"""Scans of a JPEG: encoders write up to 12, but thousands of tiny ones, each gone through in full, fit into a small file."""

_SCAN = b"\xff\xda"
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}

_STEP_SHARE = 0.1
"""By which share of the contrast (one standard deviation) a neighbour must be brighter. Source, as of the next three: tried
on 400 drawn streets (``benchmarks/_drawn_pictures.py``) and two photographs, each eight times smaller or larger (0.4 to
1.5), brighter or darker (0.7 to 1.3) and as JPEG of quality 25 to 95."""

_LEAST_CONTRAST = 6.0
"""Grey levels, one standard deviation, below which a picture is noise."""

_LEAST_CHANGES = 12
"""Bits that must differ from their right, and as many from their lower neighbours: shades, edges and vignettes have
none in one of the directions, drawn streets two dozen in both."""

_LEAST_SET = 16
"""Bits that must be set, and as many not: a street at night with a few lamps has 4 to 10."""

_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    EOFError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""What the decoder raises on bytes that are no picture."""


def hash_picture(media_type: str, content: bytes) -> bytes:
    """Return the hash of a picture, :data:`HASH_BYTES` long; :data:`NO_HASH` of what has none.

    That is a clip, a picture without structure, one that is too large or broken. Nothing is raised: evidence counts
    whether it can be compared or not.

    Args:
        media_type: as it was checked.
        content: its bytes, from whoever sent them.
    """
    if media_type not in _FORMATS or _scans(media_type, content) > _MAX_SCANS:
        return NO_HASH
    try:
        grey = _small(_FORMATS[media_type], content)
    except _UNREADABLE:
        return NO_HASH
    contrast = pstdev(level for row in grey for level in row)
    if contrast < _LEAST_CONTRAST:
        return NO_HASH
    bits = difference_bits(grey, _STEP_SHARE * contrast)
    return bits.to_bytes(HASH_BYTES, "big") if _has_structure(bits) else NO_HASH


def _small(kind: str, content: bytes) -> list[list[float]]:
    """Return the grey levels of a picture made as small as its hash, turned as its metadata say."""
    with Image.open(io.BytesIO(content), formats=(kind,)) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError("too large to be decoded")
        # a JPEG is decoded at an eighth of its size where that is enough
        picture.draft("L", (COLUMNS * 8, ROWS * 8))
        ImageOps.exif_transpose(picture, in_place=True)
        # first coarsely in whole grey levels, then finely: a large picture of floating numbers is large indeed
        middle = picture.convert("L").resize((COLUMNS * 8, ROWS * 8), Image.Resampling.BOX)
    small = middle.convert("F").resize((COLUMNS, ROWS), Image.Resampling.BOX)
    levels = array("f", small.tobytes()).tolist()
    return [levels[start : start + COLUMNS] for start in range(0, len(levels), COLUMNS)]


def _has_structure(bits: int) -> bool:
    """Return whether a hash tells anything: bits of both kinds, changing along and down the picture."""
    width = COLUMNS - 1
    row = (1 << width) - 1
    rows = [bits >> width * (ROWS - 1 - number) & row for number in range(ROWS)]
    along = sum(((each ^ each >> 1) & row >> 1).bit_count() for each in rows)
    down = sum((upper ^ lower).bit_count() for upper, lower in pairwise(rows))
    return (
        min(along, down) >= _LEAST_CHANGES
        and _LEAST_SET <= bits.bit_count() <= HASH_BITS - _LEAST_SET
    )


def _scans(media_type: str, content: bytes) -> int:
    """Return how many scans a JPEG has, or a few more: within one, the bytes of its marker do not occur."""
    return content.count(_SCAN) if media_type == "image/jpeg" else 0
