"""Pictures made different while a network learns: cuts, scales, mirrors, colours, mosaics.

Everything is numpy and OpenCV; randomness is an argument.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.vision.letterbox import GREY

__all__ = ["Augmentation", "Sample", "augmented", "plain"]

_LEAST_LEFT = 0.3
"""A thing of which less (0..1) is left in a cut is no target any more."""
_LEAST_PX = 2.5
"""Nor is one that is smaller than this many pixels of the input each way."""

Pixels = NDArray[np.uint8]
Take = Callable[[], "Sample"]


class Sample(NamedTuple):
    """A picture uint8 (h, w, 3), boxes float32 (g, 4) in its pixels, classes int64 (g,)."""

    pixels: Pixels
    boxes: NDArray[np.float32]
    kinds: NDArray[np.int64]


class Augmentation(NamedTuple):
    """How different pictures are made."""

    mosaic: float = 0.5
    """Share (0..1) of inputs that are put together of four pictures."""
    mirror: float = 0.5
    """Share that is mirrored left to right."""
    scale: tuple[float, float] = (0.75, 1.35)
    """Pictures are made this much smaller or larger."""
    colour: float = 0.5
    """0 none to 1 strong changes of hue, saturation and brightness."""
    noise: float = 0.2
    """Share that gets noise or blur."""


def augmented(
    take: Take, size: int, width_px: int, how: Augmentation, rng: np.random.Generator
) -> Sample:
    """Return a square input made of one picture or four.

    Args:
        take: gives the next picture.
        size: rows and columns of the input.
        width_px: the columns that a whole picture has where the network will work.
        how: how different.
        rng: draws.
    """
    if rng.random() < how.mosaic:
        made = _mosaic(take, size, width_px, how, rng)
    else:
        made = _cut(_scaled(take(), width_px, how, rng), size, size, rng)
    if rng.random() < how.mirror:
        boxes = made.boxes.copy()
        boxes[:, [0, 2]] = size - made.boxes[:, [2, 0]]
        made = Sample(np.ascontiguousarray(made.pixels[:, ::-1]), boxes, made.kinds)
    pixels = made.pixels
    if how.colour > 0.0:
        pixels = _coloured(pixels, how.colour, rng)
    if rng.random() < how.noise:
        pixels = _spoiled(pixels, rng)
    return Sample(pixels, made.boxes, made.kinds)


def plain(sample: Sample, height: int, width: int) -> Sample:
    """Return a picture as a box sees it: scaled to fit, at the upper left, grey around it."""
    rows, columns = sample.pixels.shape[:2]
    scale = min(height / rows, width / columns)
    small: Any = cv2.resize(
        sample.pixels, (max(1, int(columns * scale)), max(1, int(rows * scale)))
    )
    canvas = np.full((height, width, 3), GREY, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    return Sample(canvas, (sample.boxes * scale).astype(np.float32), sample.kinds)


def _scaled(sample: Sample, width_px: int, how: Augmentation, rng: np.random.Generator) -> Sample:
    rows, columns = sample.pixels.shape[:2]
    scale = width_px / max(rows, columns) * float(rng.uniform(*how.scale))
    size = (max(8, round(columns * scale)), max(8, round(rows * scale)))
    way = cv2.INTER_AREA if scale < 0.7 else cv2.INTER_LINEAR
    small: Any = cv2.resize(sample.pixels, size, interpolation=way)
    factor = np.array([size[0] / columns, size[1] / rows] * 2, np.float32)
    return Sample(small, (sample.boxes * factor).astype(np.float32), sample.kinds)


def _cut(sample: Sample, height: int, width: int, rng: np.random.Generator) -> Sample:
    """Return a piece of a picture; smaller pictures lie somewhere on grey."""
    rows, columns = sample.pixels.shape[:2]
    left, top = _place(sample, rows - height, columns - width, height, width, rng)
    canvas = np.full((height, width, 3), GREY, np.uint8)
    from_y, from_x = max(0, top), max(0, left)
    piece = sample.pixels[from_y : min(rows, top + height), from_x : min(columns, left + width)]
    y, x = from_y - top, from_x - left
    canvas[y : y + piece.shape[0], x : x + piece.shape[1]] = piece
    shift = np.array([left, top, left, top], np.float32)
    return _kept(canvas, sample.boxes - shift, sample.kinds)


def _place(
    sample: Sample, spare_y: int, spare_x: int, height: int, width: int, rng: np.random.Generator
) -> tuple[int, int]:
    """Return left and top of a piece: near a thing three times in four, else anywhere."""

    def anywhere(spare: int) -> int:
        return int(rng.integers(min(0, spare), max(0, spare) + 1))

    left, top = anywhere(spare_x), anywhere(spare_y)
    if len(sample.boxes) and rng.random() < 0.75:
        # rare kinds as often as common ones
        kind = rng.choice(np.unique(sample.kinds))
        box = sample.boxes[rng.choice(np.flatnonzero(sample.kinds == kind))]
        x, y = (box[0] + box[2]) / 2.0, (box[1] + box[3]) / 2.0
        if spare_x > 0:
            left = int(np.clip(x - rng.uniform(0.1, 0.9) * width, 0, spare_x))
        if spare_y > 0:
            top = int(np.clip(y - rng.uniform(0.1, 0.9) * height, 0, spare_y))
    return left, top


def _mosaic(
    take: Take, size: int, width_px: int, how: Augmentation, rng: np.random.Generator
) -> Sample:
    middle_x = int(rng.uniform(0.3, 0.7) * size)
    middle_y = int(rng.uniform(0.3, 0.7) * size)
    canvas = np.full((size, size, 3), GREY, np.uint8)
    boxes, kinds = [], []
    for top, bottom in ((0, middle_y), (middle_y, size)):
        for left, right in ((0, middle_x), (middle_x, size)):
            piece = _cut(_scaled(take(), width_px, how, rng), bottom - top, right - left, rng)
            canvas[top:bottom, left:right] = piece.pixels
            boxes.append(piece.boxes + np.array([left, top, left, top], np.float32))
            kinds.append(piece.kinds)
    return Sample(canvas, np.concatenate(boxes), np.concatenate(kinds))


def _kept(pixels: Pixels, boxes: NDArray[np.float32], kinds: NDArray[np.int64]) -> Sample:
    """Return a piece with the boxes that enough is left of, cut to it."""
    height, width = pixels.shape[:2]
    cut = np.clip(boxes, 0.0, np.array([width, height] * 2, np.float32)).astype(np.float32)
    sides, whole = cut[:, 2:] - cut[:, :2], boxes[:, 2:] - boxes[:, :2]
    left = sides.prod(axis=1) / np.maximum(whole.prod(axis=1), 1e-6)
    keep = (left >= _LEAST_LEFT) & (sides.min(axis=1, initial=np.inf) >= _LEAST_PX)
    return Sample(pixels, cut[keep], kinds[keep])


def _coloured(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    gains = 1.0 + strength * rng.uniform(-1.0, 1.0, 3) * np.array([0.03, 0.6, 0.5])
    hsv = cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV)
    steps = np.arange(256, dtype=np.float32)
    hue = ((steps + (gains[0] - 1.0) * 180.0) % 180.0).astype(np.uint8)
    tables = (hue, *(np.clip(steps * gain, 0, 255).astype(np.uint8) for gain in gains[1:]))
    planes = [
        np.asarray(cv2.LUT(plane, table), np.uint8)
        for plane, table in zip(cv2.split(hsv), tables, strict=True)
    ]
    return np.asarray(cv2.cvtColor(cv2.merge(planes), cv2.COLOR_HSV2BGR), np.uint8)


def _spoiled(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a picture with a bad lens, or a noisy chip."""
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(pixels, (3, 3), float(rng.uniform(0.4, 1.0))), np.uint8)
    noise = rng.normal(0.0, float(rng.uniform(2.0, 8.0)), pixels.shape).astype(np.float32)
    return np.asarray(np.clip(pixels + noise, 0, 255), np.uint8)
