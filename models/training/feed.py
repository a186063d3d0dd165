"""Batches for a network, made beside its work."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.datasets.picture import Box, Picture
from models.datasets.pixels import pixels_of
from models.datasets.store import Dataset
from models.training.augmentation import Augmentation, Sample, augmented, plain
from models.training.loss import Target

__all__ = ["Batch", "Pictures", "batches", "plain_batches"]

_AHEAD = 4
"""Batches that are made ahead."""


class Batch(NamedTuple):
    """Inputs float (b, 3, h, w), 0..1, and what is in them."""

    inputs: Tensor
    targets: list[Target]


class Pictures:
    """The pictures of one part of a data set, with their boxes as arrays.

    Args:
        dataset: where they lie.
        pictures: which.
        least_visible: boxes of which less (0..1) is seen are no targets.
        budget_mb: decoded pictures that are kept in memory.
    """

    def __init__(
        self,
        dataset: Dataset,
        pictures: Sequence[Picture],
        *,
        least_visible: float = 0.2,
        budget_mb: int = 1500,
    ) -> None:
        self._dataset, self._pictures = dataset, pictures
        self._numbers = {label: n for n, label in enumerate(dataset.manifest.classes)}
        self._least_visible = least_visible
        self._left = budget_mb * 1_000_000
        self._kept: dict[int, Sample] = {}

    def __len__(self) -> int:
        return len(self._pictures)

    def repeats(self, rare: float) -> NDArray[np.float64]:
        """Return how often each picture is taken, float64 (n,), 1 or more, for the rarest kind in it.

        Source: A. Gupta et al., LVIS, 2019, §4 (repeat factor sampling): a kind that a share f of the
        pictures holds is taken sqrt(rare / f) times as often.

        Args:
            rare: share (0..1) of pictures that a kind must be in not to be repeated; 0: none is.
        """
        held = np.zeros((len(self._pictures), len(self._numbers)), bool)
        for row, picture in enumerate(self._pictures):
            held[row, [self._numbers[one.label] for one in self._wanted(picture)]] = True
        share = np.maximum(held.mean(axis=0), 1.0 / max(1, len(held)))
        factors = np.maximum(1.0, np.sqrt(rare / share))
        return np.asarray(np.where(held, factors, 1.0).max(axis=1, initial=1.0), np.float64)

    def _wanted(self, picture: Picture) -> list[Box]:
        return [
            one for one in picture.boxes if not one.ignored and one.visible >= self._least_visible
        ]

    def sample(self, number: int) -> Sample:
        """Return a picture by its number."""
        kept = self._kept.get(number)
        if kept is not None:
            return kept
        picture = self._pictures[number]
        path = self._dataset.path_of(picture)
        boxes = self._wanted(picture)
        made = Sample(
            pixels_of(path.read_bytes(), str(path)),
            np.array([one.xyxy for one in boxes], np.float32).reshape(-1, 4),
            np.array([self._numbers[one.label] for one in boxes], np.int64),
        )
        if made.pixels.nbytes <= self._left:
            self._left -= made.pixels.nbytes
            self._kept[number] = made
        return made


def batches(
    pictures: Pictures,
    *,
    size: int,
    width_px: int,
    batch: int,
    how: Augmentation,
    seed: tuple[int, int],
    rare: float = 0.0,
) -> Iterator[Batch]:
    """Yield one epoch: as many inputs as there are pictures, each picture the first of about one.

    Equal seeds give equal batches. They are made in a thread: OpenCV and numpy release the lock.

    Args:
        pictures: to learn from.
        size: rows and columns of the inputs.
        width_px: columns of a whole picture where the network will work.
        batch: inputs in a batch; what is left over at the end is left out.
        how: how different pictures are made.
        seed: of the run, and number of the epoch.
        rare: pictures with kinds that are rarer than this come more often, others less; 0: each once.
    """
    rng = np.random.default_rng(seed)
    order = _order(pictures, rare, rng)

    def make(at: int) -> Batch:
        return _stacked(
            [
                augmented(_Taker(pictures, first, rng), size, width_px, how, rng)
                for first in order[at : at + batch]
            ]
        )

    starts = iter(range(0, len(order) - batch + 1, batch))
    # one maker only: the draws stay in order
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches") as maker:
        ready = deque(maker.submit(make, at) for at in islice(starts, _AHEAD))
        while ready:
            one = ready.popleft().result()
            ready.extend(maker.submit(make, at) for at in islice(starts, 1))
            yield one


def _order(pictures: Pictures, rare: float, rng: np.random.Generator) -> list[int]:
    """Return the pictures of an epoch; a share of a repeat is drawn."""
    everyone = np.arange(len(pictures))
    if rare > 0.0:
        wanted = pictures.repeats(rare)
        everyone = np.repeat(everyone, (wanted + rng.random(len(wanted))).astype(int))
    drawn: list[int] = rng.permutation(everyone)[: len(pictures)].tolist()
    return drawn


def plain_batches(pictures: Pictures, *, height: int, width: int, batch: int) -> Iterator[Batch]:
    """Yield all pictures as a box would see them, in their order."""
    for at in range(0, len(pictures), batch):
        numbers = range(at, min(at + batch, len(pictures)))
        yield _stacked([plain(pictures.sample(one), height, width) for one in numbers])


class _Taker:
    """Gives a certain picture first, then any."""

    def __init__(self, pictures: Pictures, first: int, rng: np.random.Generator) -> None:
        self._pictures, self._next, self._rng = pictures, first, rng

    def __call__(self) -> Sample:
        taken, self._next = self._next, int(self._rng.integers(len(self._pictures)))
        return self._pictures.sample(taken)


def _stacked(samples: Sequence[Sample]) -> Batch:
    planes = np.stack([one.pixels for one in samples])
    inputs = torch.from_numpy(planes).permute(0, 3, 1, 2).float().mul_(1.0 / 255.0)
    targets = [
        Target(torch.from_numpy(one.boxes.copy()), torch.from_numpy(one.kinds.copy()))
        for one in samples
    ]
    return Batch(inputs, targets)
