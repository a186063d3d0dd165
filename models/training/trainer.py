"""The loop of learning: epoch after epoch, each written down before the next begins."""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import torch
from msgspec import Struct
from torch import nn

from edge.vision.output_layouts import Grid, Layout, read_boxes
from edge.vision.suppression import suppress
from models.datasets.store import Dataset
from models.training.augmentation import Augmentation
from models.training.averaging import Average
from models.training.checkpoint import (
    Checkpoint,
    build_network,
    load_checkpoint,
    save_checkpoint,
    take_over,
)
from models.training.curves import CurvePoint, draw_curves, read_curves, write_curves
from models.training.errors import RecipeRefused, TrainingDiverged
from models.training.feed import Batch, Pictures, batches, plain_batches
from models.training.loss import Target, losses_of
from models.training.place import Place
from models.training.precision import Found, average_precision
from models.training.recipe import Recipe, check_recipe
from models.training.schedule import step_size

__all__ = ["EpochDone", "Trainer"]

_LARGEST_GRADIENT = 10.0
_LEAST_SCORE = 0.05


class EpochDone(Struct, frozen=True, kw_only=True):
    """What is known after an epoch."""

    point: CurvePoint
    class_ap50: dict[str, float]


class Trainer:
    """Trains a network of the own family in a folder.

    Args:
        recipe: what to do.
        dataset: with the parts ``train`` and ``val``.
        folder: for checkpoint, recipe and curves; a run that lies there is gone on with.
        place: where to learn.
        start: a checkpoint to begin with instead of fresh numbers.

    Raises:
        RecipeRefused: the recipe cannot be, differs from the run in the folder, or a part is empty.
        CheckpointRefused: a checkpoint cannot be read or is of another network.
    """

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        folder: Path,
        place: Place,
        *,
        start: Path | None = None,
    ) -> None:
        check_recipe(recipe)
        self.recipe, self._folder, self._place = recipe, folder, place
        self._train = Pictures(dataset, dataset.part("train"))
        self._val = Pictures(dataset, dataset.part("val"), budget_mb=300)
        for part, pictures in (("train", self._train), ("val", self._val)):
            if len(pictures) == 0:
                raise RecipeRefused(
                    f"data set {recipe.data}: its part {part!r} is empty; run "
                    "`cityloop models dataset split` first"
                )
        self._steps = len(self._train) // recipe.batch
        if self._steps == 0:
            raise RecipeRefused(
                f"data set {recipe.data}: {len(self._train)} pictures are less than a batch of "
                f"{recipe.batch}; take a smaller --batch"
            )
        self._net = build_network(recipe)
        if start is not None:
            take_over(self._net, load_checkpoint(start))
        self._net.to(place.device, memory_format=torch.channels_last)
        self._average = Average(self._net)
        self._optimiser = _optimiser(self._net, recipe)
        self._points: list[CurvePoint] = []
        self.epochs_done = 0
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "last.pt").exists():
            self._go_on(load_checkpoint(folder / "last.pt"))
        (folder / "recipe.json").write_bytes(msgspec.json.format(msgspec.json.encode(recipe)))

    @property
    def average(self) -> nn.Module:
        """The network with the calmer numbers, ready to be exported."""
        return self._average.net

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        return self._steps

    def run(self, progress: Callable[[int, int], None]) -> Iterator[EpochDone]:
        """Learn the epochs that are left; each is on disk before it is yielded.

        Args:
            progress: called with (epochs done, steps done in this one).

        Raises:
            TrainingDiverged: the loss is no number any more.
        """
        while self.epochs_done < self.recipe.epochs:
            began = time.perf_counter()
            means, last_step = self._learn(progress)
            ap50 = self._look()
            self.epochs_done += 1
            known = [value for value in ap50.values() if not math.isnan(value)]
            point = CurvePoint(
                epoch=self.epochs_done,
                loss=means[0],
                box=means[1],
                presence=means[2],
                kind=means[3],
                step_size=last_step,
                ap50=sum(known) / len(known) if known else 0.0,
                seconds=time.perf_counter() - began,
            )
            self._points.append(point)
            self._write_down()
            yield EpochDone(point=point, class_ap50=ap50)

    def _learn(self, progress: Callable[[int, int], None]) -> tuple[list[float], float]:
        recipe, size = self.recipe, 0.0
        calm = self.epochs_done >= round(recipe.epochs * (1.0 - recipe.calm_share))
        how = Augmentation(
            mosaic=0.0 if calm else recipe.mosaic,
            colour=recipe.colour * (0.5 if calm else 1.0),
            noise=0.1 if calm else 0.2,
        )
        fed = batches(
            self._train,
            size=recipe.imgsz,
            width_px=recipe.input_width,
            batch=recipe.batch,
            how=how,
            seed=(recipe.seed, self.epochs_done),
            rare=recipe.rare,
        )
        self._net.train()
        sums = np.zeros(4)
        for number, batch in enumerate(fed):
            size = step_size(
                self.epochs_done * self._steps + number,
                recipe.epochs * self._steps,
                largest=recipe.step_size,
                warm=max(1, round(recipe.warm_epochs * self._steps)),
            )
            sums += self._step(batch, size)
            progress(self.epochs_done, number + 1)
        return (sums / self._steps).tolist(), size

    def _step(self, batch: Batch, size: float) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        for group in self._optimiser.param_groups:
            group["lr"] = size
        device = self._place.device
        inputs = batch.inputs.to(device, memory_format=torch.channels_last, non_blocking=True)
        targets = [Target(one.boxes.to(device), one.kinds.to(device)) for one in batch.targets]
        with self._place.computing():
            raw = self._net(inputs)
        losses = losses_of(raw, targets, inputs.shape[2], inputs.shape[3])
        if not bool(torch.isfinite(losses.total)):
            raise TrainingDiverged(
                f"epoch {self.epochs_done + 1}: the loss is {float(losses.total)}; go on with a smaller "
                "--step-size, or --numbers fp32"
            )
        self._optimiser.zero_grad(set_to_none=True)
        losses.total.backward()
        nn.utils.clip_grad_norm_(self._net.parameters(), _LARGEST_GRADIENT)
        self._optimiser.step()
        self._average.follow(self._net)
        return np.array([float(one.detach()) for one in losses])

    @torch.no_grad()
    def _look(self) -> dict[str, float]:
        """Return each class's average precision on the part ``val``."""
        recipe = self.recipe
        height, width = recipe.input_height, recipe.input_width
        grid = Grid(height, width)
        found = []
        for batch in plain_batches(self._val, height=height, width=width, batch=recipe.batch):
            inputs = batch.inputs.to(self._place.device, memory_format=torch.channels_last)
            with self._place.computing():
                raw = self._average.net(inputs).float().cpu()
            raw[..., 4:] = raw[..., 4:].sigmoid()
            for rows, target in zip(raw.numpy(), batch.targets, strict=True):
                boxes = read_boxes(Layout.YOLOX, rows[None], grid, _LEAST_SCORE)
                kept = suppress(
                    boxes.xyxy,
                    boxes.scores,
                    boxes.class_id,
                    same_class_iou=0.5,
                    any_class_iou=1.0,
                )
                found.append(
                    Found(
                        boxes.xyxy[kept],
                        boxes.scores[kept],
                        boxes.class_id[kept],
                        target.boxes.numpy(),
                        target.kinds.numpy(),
                    )
                )
        values = average_precision(found, len(recipe.classes))
        return dict(zip(recipe.classes, values, strict=True))

    def _go_on(self, checkpoint: Checkpoint) -> None:
        if checkpoint.recipe != self.recipe:
            theirs = msgspec.to_builtins(checkpoint.recipe)
            ours = msgspec.to_builtins(self.recipe)
            other = [
                f"{key} {theirs[key]} is now {ours[key]}"
                for key in ours
                if ours[key] != theirs[key]
            ]
            raise RecipeRefused(
                f"{self._folder}: the run there has another recipe ({'; '.join(other)}); give the same "
                "options to go on with it, or another --out"
            )
        self._net.load_state_dict(checkpoint.net)
        self._average.net.load_state_dict(checkpoint.average)
        self._average.steps = checkpoint.average_steps
        self._optimiser.load_state_dict(checkpoint.optimiser)
        self.epochs_done = checkpoint.epoch
        self._points = read_curves(self._folder / "curves.csv")[: checkpoint.epoch]

    def _write_down(self) -> None:
        write_curves(self._folder / "curves.csv", self._points)
        title = f"{self.recipe.arch} on {self.recipe.data}@{self.recipe.data_version}"
        draw_curves(self._folder / "curves.png", self._points, title)
        save_checkpoint(
            self._folder / "last.pt",
            Checkpoint(
                recipe=self.recipe,
                epoch=self.epochs_done,
                net=self._net.state_dict(),
                average=self._average.net.state_dict(),
                average_steps=self._average.steps,
                optimiser=self._optimiser.state_dict(),
            ),
        )


def _optimiser(net: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return AdamW; only convolutions' weights decay. Source: T. He et al., Bag of Tricks, 2019, §3.1."""
    weights = [one for one in net.parameters() if one.ndim > 1]
    others = [one for one in net.parameters() if one.ndim <= 1]
    return torch.optim.AdamW(
        [
            {"params": weights, "weight_decay": recipe.decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=recipe.step_size,
        betas=(0.9, 0.99),
    )
