"""The other family: networks of the package ultralytics, which is AGPL-3.0 and the user's own choice.

Nothing else in this project imports it. It learns in its own way; what comes out is an ONNX file in the
layout ``ultralytics``, which boxes read.
"""

import os
import shutil
from pathlib import Path

from models.datasets.store import Dataset
from models.datasets.yolo_format import write_yolo
from models.training.recipe import Recipe, check_recipe

__all__ = ["train_ultralytics"]

_OFFLINE = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false"}
"""It must not fetch weights or install packages by itself."""


def train_ultralytics(
    recipe: Recipe, dataset: Dataset, folder: Path, target: Path, *, device: str
) -> None:
    """Train a network of ultralytics from scratch and export it; an unfinished run is gone on with.

    Of the recipe it takes sizes, epochs, batch, mosaic and seed; steps and colours are its own.

    Args:
        recipe: what to do.
        dataset: with the parts ``train`` and ``val``.
        folder: of the run.
        target: the ``.onnx`` file.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.

    Raises:
        RecipeRefused: a size that cannot be.
    """
    check_recipe(recipe)
    os.environ.update(_OFFLINE)
    os.environ.setdefault("YOLO_CONFIG_DIR", str((folder / "settings").resolve()))
    folder.mkdir(parents=True, exist_ok=True)
    description = write_yolo(dataset, dataset.pictures, folder / "data")
    from ultralytics import YOLO  # noqa: PLC0415 - reads its settings from the environment on import

    weights, done = folder / "run" / "weights", folder / "finished"
    if done.exists():
        net = YOLO(str(weights / "best.pt"))
    elif (weights / "last.pt").exists():
        net = YOLO(str(weights / "last.pt"))
        net.train(resume=True)
    else:
        net = YOLO(f"{recipe.arch}.yaml")
        net.train(
            data=str(description),
            imgsz=recipe.imgsz,
            epochs=recipe.epochs,
            batch=recipe.batch,
            mosaic=recipe.mosaic,
            seed=recipe.seed,
            deterministic=True,
            device=None if device == "auto" else device.removeprefix("cuda:"),
            project=str(folder.resolve()),
            name="run",
            exist_ok=True,
            plots=False,
            amp=False,
            workers=0,
        )
    # it refuses to go on with a run that is at its end
    done.touch()
    exported = net.export(format="onnx", imgsz=(recipe.input_height, recipe.input_width))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(exported, target)
