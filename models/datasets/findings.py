"""What is doubtful about a data set: each finding names its picture and says what to look at."""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from models.datasets.likeness import HASH_BITS, LIKE_BITS, like_pairs
from models.datasets.picture import Box, Picture

__all__ = ["Finding", "FindingKind", "findings_of", "lookalikes"]

_TINY_PX = 4.0
"""A side below this is less than half a cell of the finest grid."""
_SAME_OVERLAP = 0.9
"""From this overlap (0..1) on two boxes of one label are most likely one thing labelled twice."""
_RARE = 20
"""Fewer things of a class can hardly be learned. Source: judgement; LVIS calls up to 10 pictures rare."""


class FindingKind(StrEnum):
    """What may be wrong."""

    EMPTY = "empty"
    """No box at all: right for a picture of nothing, wrong where labels were lost."""
    TINY = "tiny"
    """A box with a side below 4 pixels."""
    OUTSIDE = "outside"
    """A box that reaches beyond the picture, or is turned inside out."""
    OVERLAPPING = "overlapping"
    """Two boxes of one label in nearly the same place."""
    WRONG_CLASS = "wrong-class"
    """Two boxes of different labels in nearly the same place: one of them is wrong."""
    RARE_CLASS = "rare-class"
    """A class with fewer than 20 things."""
    DUPLICATE = "duplicate"
    """Two pictures that look alike."""
    LEAK = "leak"
    """Two pictures that look alike in different parts."""


class Finding(Struct, frozen=True, kw_only=True):
    """One finding."""

    kind: FindingKind
    picture: str
    """File below the store's folder ``pictures``; empty where a whole class is meant."""
    source: str
    """Where the picture came from."""
    what: str
    """In words."""


def findings_of(pictures: Iterable[Picture], classes: Sequence[str]) -> list[Finding]:
    """Return what the labels alone show."""
    found: list[Finding] = []
    counts: Counter[str] = Counter(dict.fromkeys(classes, 0))
    for picture in pictures:
        counts.update(box.label for box in picture.boxes if not box.ignored)
        if not picture.boxes:
            found.append(_finding(FindingKind.EMPTY, picture, "no box"))
        for box in picture.boxes:
            if not box.ignored:
                found.extend(_of_box(picture, box))
        found.extend(_of_pairs(picture))
    found.extend(
        Finding(
            kind=FindingKind.RARE_CLASS,
            picture="",
            source="",
            what=f"{label}: {count} things; {_RARE} are the least to learn from",
        )
        for label, count in counts.items()
        if count < _RARE
    )
    return found


def lookalikes(
    pictures: Sequence[Picture], hashes: NDArray[np.uint64], most_bits: int = LIKE_BITS
) -> list[Finding]:
    """Return pictures that look alike; those in different parts are leaks.

    Args:
        pictures: n of them.
        hashes: theirs, uint64 (n, 4).
        most_bits: up to so many bits differ.
    """
    found = []
    for one, other, bits in like_pairs(hashes, most_bits):
        first, second = pictures[one], pictures[other]
        leaks = bool(first.split and second.split and first.split != second.split)
        where = f" ({first.split} and {second.split})" if leaks else ""
        found.append(
            _finding(
                FindingKind.LEAK if leaks else FindingKind.DUPLICATE,
                first,
                f"looks like {second.file} from {second.source or 'nowhere known'}, "
                f"{bits} of {HASH_BITS} bits differ{where}",
            )
        )
    return found


def _of_box(picture: Picture, box: Box) -> Iterable[Finding]:
    left, top, right, bottom = box.xyxy
    place = f"{box.label} at {left:.0f},{top:.0f},{right:.0f},{bottom:.0f}"
    if right <= left or bottom <= top:
        yield _finding(FindingKind.OUTSIDE, picture, f"{place} is turned inside out")
    elif min(left, top) < -1.0 or right > picture.width + 1.0 or bottom > picture.height + 1.0:
        size = f"{picture.width} x {picture.height}"
        yield _finding(FindingKind.OUTSIDE, picture, f"{place} reaches beyond {size}")
    elif min(right - left, bottom - top) < _TINY_PX:
        yield _finding(FindingKind.TINY, picture, place)


def _of_pairs(picture: Picture) -> Iterable[Finding]:
    boxes = [one for one in picture.boxes if not one.ignored]
    if len(boxes) < 2:
        return
    xyxy = np.array([one.xyxy for one in boxes])
    low = np.maximum(xyxy[:, None, :2], xyxy[None, :, :2])
    high = np.minimum(xyxy[:, None, 2:], xyxy[None, :, 2:])
    common = np.clip(high - low, 0.0, None).prod(axis=-1)
    areas = (xyxy[:, 2:] - xyxy[:, :2]).prod(axis=1)
    overlap = common / np.maximum(areas[:, None] + areas[None] - common, 1e-9)
    for i, j in zip(*np.nonzero(np.triu(overlap >= _SAME_OVERLAP, 1)), strict=True):
        one, other = boxes[int(i)], boxes[int(j)]
        same = one.label == other.label
        yield _finding(
            FindingKind.OVERLAPPING if same else FindingKind.WRONG_CLASS,
            picture,
            f"{one.label} and {other.label} overlap by {overlap[i, j]:.2f} at "
            f"{one.xyxy[0]:.0f},{one.xyxy[1]:.0f}",
        )


def _finding(kind: FindingKind, picture: Picture, what: str) -> Finding:
    return Finding(kind=kind, picture=picture.file, source=picture.source, what=what)
