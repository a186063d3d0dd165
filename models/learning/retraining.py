"""The whole turn on the simulator: a city, a detector, a changed city, what was hard, a better detector."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from edge.vision.onnx_detector import OnnxDetector
from models.datasets.drawing import draw_pictures
from models.datasets.picture import Manifest, Picture
from models.datasets.splits import split_by_camera
from models.datasets.store import Dataset, DatasetStore
from models.learning.acceptance import accept
from models.learning.changed_city import changed
from models.learning.errors import RetrainingFailed
from models.learning.reviewed import file_of
from models.learning.selection import hardest

__all__ = ["Turn", "TurnPlan", "TurnScores"]

_SHARES = {"train": 0.6, "val": 0.1, "test": 0.3}
_PER_SCENE = 8


class TurnPlan(Struct, frozen=True, kw_only=True):
    """How large a turn is."""

    pictures: int
    """Of each city."""
    review: int
    """How many hard pictures people label."""
    epochs: int
    """Of the first training, and of the second."""
    arch: str
    imgsz: int
    size: tuple[int, int]
    """Columns and rows of the pictures."""
    seed: int
    python: Path
    """Of the environment with torch."""
    replay: int = 0
    """Pictures of further streets of the city as it was that are learned from again beside the labelled ones."""
    step_size: float = 0.002
    """Largest step of the optimiser."""
    incumbent: Path | None = None
    """ONNX file of the first detector; None: it is trained."""
    checkpoint: Path | None = None
    """Checkpoint that belongs to it."""


class TurnScores(Struct, frozen=True, kw_only=True):
    """mAP50 on cameras that nobody learned from."""

    city_before: float
    """The first detector in the city that it learned from."""
    changed_before: float
    """The first detector in the changed city."""
    changed_after: float
    """The second detector in the changed city."""
    city_after: float
    """The second detector in the city as it was: what it has forgotten."""
    reviewed: int
    """Pictures that were labelled in between."""
    version: str
    """Of the data set that came of it."""
    model: str
    """Path of the second detector."""


class Turn:
    """One turn; what a former run of it has finished in the same folder is taken over.

    Args:
        plan: how large.
        folder: of everything that it makes.
        say: told what is being done.
    """

    def __init__(self, plan: TurnPlan, folder: Path, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._folder = folder
        self._say = say
        self._store = DatasetStore(folder / "datasets")

    def run(self) -> TurnScores:
        """Return the scores before and after.

        Raises:
            RetrainingFailed: a step went wrong; its words are in the message.
            DatasetError: a data set cannot be drawn or split.
            ModelError: a trained network cannot be used.
        """
        self._say("drawing the city")
        city = self._drawn("city", self._plan.seed)
        self._say("drawing the city after it has changed")
        other = self._drawn("later", self._plan.seed + 1)
        rng = np.random.default_rng(self._plan.seed)
        later = self._kept("changed", changed(self._store, other, rng), other)
        first, checkpoint = self._first(city)
        city_before = self._score(first, "city")
        changed_before = self._score(first, "changed")
        self._say("choosing what was hard")
        chosen = hardest(OnnxDetector(first), later, later.part("train"), most=self._plan.review)
        hard = self._folder / "hard"
        hard.mkdir(parents=True, exist_ok=True)
        for one in chosen:
            shutil.copyfile(later.path_of(one.picture), hard / file_of(one.reviewed.item))
        manifest = accept(self._store, city, "next", [one.reviewed for one in chosen], hard)
        manifest = self._replayed(manifest)
        self._say(
            f"training on, with {len(chosen)} pictures that people have labelled and "
            f"{len(city.part('train')) + self._plan.replay} of the city as it was"
        )
        second = self._train("next", "after", checkpoint)
        return TurnScores(
            city_before=city_before,
            changed_before=changed_before,
            changed_after=self._score(second, "changed"),
            city_after=self._score(second, "city"),
            reviewed=len(chosen),
            version=manifest.version,
            model=str(second),
        )

    def _first(self, city: Dataset) -> tuple[Path, Path]:
        """Return the first detector and its checkpoint: the incumbent, or one trained on the city."""
        plan = self._plan
        if plan.incumbent is not None and plan.checkpoint is not None:
            return plan.incumbent, plan.checkpoint
        self._say(f"training on {len(city.part('train'))} pictures")
        first = self._train("city", "before", None)
        return first, first.with_name("last.pt")

    def _drawn(self, name: str, seed: int) -> Dataset:
        pictures, classes = draw_pictures(
            self._store,
            count=self._plan.pictures,
            seed=seed,
            size=self._plan.size,
            per_scene=_PER_SCENE,
        )
        dealt = split_by_camera(pictures, _SHARES, np.random.default_rng(self._plan.seed))
        self._store.save(name, dealt, classes, made_by="models retrain")
        return self._store.load(name)

    def _replayed(self, manifest: Manifest) -> Manifest:
        """Add streets of the city as it was, so that it is not forgotten; return the new manifest."""
        if self._plan.replay == 0:
            return manifest
        self._say("drawing more of the city as it was")
        # another seed: no street of the parts that judge comes again
        old, _ = draw_pictures(
            self._store,
            count=self._plan.replay,
            seed=self._plan.seed + 2,
            size=self._plan.size,
            per_scene=_PER_SCENE,
        )
        following = self._store.load(manifest.version)
        return self._store.save(
            "next",
            [*following.pictures, *(msgspec.structs.replace(one, split="train") for one in old)],
            manifest.classes,
            made_by="models retrain",
            parent=manifest.version,
        )

    def _kept(self, name: str, pictures: list[Picture], like: Dataset) -> Dataset:
        self._store.save(name, pictures, like.manifest.classes, made_by="models retrain")
        return self._store.load(name)

    def _train(self, data: str, name: str, checkpoint: Path | None) -> Path:
        out, plan = self._folder / name, self._plan
        words = [
            "train", "--data", data, "--root", str(self._store.root), "--arch", plan.arch,
            "--imgsz", str(plan.imgsz), "--input", *(str(-(-side // 32) * 32) for side in plan.size),
            "--epochs", str(plan.epochs), "--batch", "8", "--seed", str(plan.seed),
            "--step-size", str(plan.step_size), "--out", str(out), "--json",
        ]  # fmt: skip
        if checkpoint is not None:
            words += ["--from", str(checkpoint)]
        self._models(plan.python, *words)
        return out / "model.onnx"

    def _score(self, model: Path, data: str) -> float:
        folder = self._folder / f"test-{data}"
        if not folder.exists():
            root = str(self._store.root)
            self._models(
                Path(sys.executable),
                "dataset", "export", data, str(folder), "--root", root, "--split", "test",
            )  # fmt: skip
        words = self._models(
            Path(sys.executable), "evaluate", str(model), "--data", str(folder), "--json"
        )
        found: dict[str, Any] = json.loads(words)["report"]
        return round(float(found["map50"] or 0.0), 4)

    def _models(self, python: Path, *words: str) -> str:
        done = subprocess.run(
            [str(python), "-m", "models", *words],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
            if python == Path(sys.executable)
            else dict(os.environ),
        )
        if done.returncode != 0:
            last = (done.stderr or done.stdout).strip().splitlines()[-3:]
            raise RetrainingFailed(f"models {words[0]} failed: {' '.join(last)[:600]}")
        return done.stdout
