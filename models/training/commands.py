"""``cityloop models train``: a data set goes in, a detector comes out."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.datasets.store import DEFAULT_ROOT
from models.training.architectures import ARCHITECTURES, Family, find_architecture
from models.training.recipe import Recipe

if TYPE_CHECKING:
    from models.datasets.store import Dataset
    from models.training.trainer import EpochDone

__all__ = ["train"]


def _list_architectures() -> str:
    return "\n\n".join(
        f"{one.name}: {one.summary} ({one.family})." for one in ARCHITECTURES.values()
    )


@click.command(epilog=f"Architectures:\n\n{_list_architectures()}")
@click.option("--data", required=True, help="Data set: a name, name@version or version.")
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_ROOT,
    show_default=True,
    help="Folder of the data sets.",
)
@click.option("--arch", default="street-nano", show_default=True, help="Network; see below.")
@click.option(
    "--imgsz",
    type=click.IntRange(64, 1280),
    default=320,
    show_default=True,
    help="Rows and columns of the pieces that are learned from, multiple of 32.",
)
@click.option(
    "--input",
    "input_size",
    type=(click.IntRange(64, 2048), click.IntRange(64, 2048)),
    default=None,
    metavar="WIDTH HEIGHT",
    help="Input of the exported network; default: imgsz each way.",
)
@click.option(
    "--epochs",
    type=click.IntRange(1, 10_000),
    default=60,
    show_default=True,
    help="How often every picture is learned from.",
)
@click.option(
    "--batch",
    type=click.IntRange(1, 1024),
    default=16,
    show_default=True,
    help="Pieces that are learned from at a time.",
)
@click.option(
    "--step-size",
    type=click.FloatRange(0.0, 1.0, min_open=True),
    default=0.002,
    show_default=True,
    help="Largest step of the optimiser.",
)
@click.option(
    "--mosaic",
    type=click.FloatRange(0.0, 1.0),
    default=0.5,
    show_default=True,
    help="Share of inputs that are put together of four pictures.",
)
@click.option(
    "--rare",
    type=click.FloatRange(0.0, 1.0),
    default=0.0,
    show_default=True,
    help="Show kinds that less than this share of the pictures hold more often.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Draws pieces, mosaics and first numbers.",
)
@click.option(
    "--device",
    default="auto",
    show_default=True,
    help="auto (cuda where there is one), cpu, cuda, cuda:1.",
)
@click.option(
    "--numbers",
    type=click.Choice(["auto", "fp32", "bf16"]),
    default="auto",
    show_default=True,
    help="What layers compute in; auto: bf16 where the processor has it.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Of the processor, for torch.",
)
@click.option(
    "--from",
    "start",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Checkpoint (.pt) to begin with instead of fresh numbers.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder of the run; one that is there is gone on with. Default: "
    "var/training/ARCH-VERSION-SEED.",
)
@click.option(
    "--export",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The ONNX file; default: model.onnx in the run's folder.",
)
@click.option(
    "--accept-agpl",
    is_flag=True,
    help="Say yes to AGPL-3.0, which architectures of ultralytics are under.",
)
@click.option("--json", "as_json", is_flag=True, help="Write a line of JSON for each epoch.")
def train(
    data: str,
    root: Path,
    arch: str,
    imgsz: int,
    input_size: tuple[int, int] | None,
    epochs: int,
    batch: int,
    step_size: float,
    mosaic: float,
    rare: float,
    seed: int,
    device: str,
    numbers: str,
    threads: int,
    start: Path | None,
    out: Path | None,
    target: Path | None,
    accept_agpl: bool,
    as_json: bool,
) -> None:
    """Train a detector and export it as ONNX.

    Needs torch, in an environment of its own (`make trainer`). A run that was killed goes on where its
    last epoch ended: give the same command again.
    """
    from models.datasets.errors import DatasetError  # noqa: PLC0415 - keeps --help quick
    from models.datasets.store import DatasetStore  # noqa: PLC0415
    from models.training.errors import TrainingError  # noqa: PLC0415
    from models.training.toolbox import need_torch, need_ultralytics  # noqa: PLC0415

    width, height = input_size or (imgsz, imgsz)
    try:
        chosen = find_architecture(arch)
        if chosen.family is Family.ULTRALYTICS:
            need_ultralytics(arch, accepted=accept_agpl)
        need_torch()
        dataset = DatasetStore(root).load(data)
        recipe = Recipe(
            arch=arch,
            data=data.partition("@")[0],
            data_version=dataset.manifest.version,
            classes=dataset.manifest.classes,
            imgsz=imgsz,
            input_width=width,
            input_height=height,
            epochs=epochs,
            batch=batch,
            step_size=step_size,
            mosaic=mosaic,
            rare=rare,
            seed=seed,
        )
        folder = out or Path("var/training") / f"{arch}-{recipe.data_version}-{seed}"
        target = target or folder / "model.onnx"
        if chosen.family is Family.ULTRALYTICS:
            from models.training.ultralytics_family import train_ultralytics  # noqa: PLC0415

            train_ultralytics(recipe, dataset, folder, target, device=device)
        else:
            _train_own(
                recipe, dataset, folder, target,
                device=device, numbers=numbers, threads=threads, start=start, as_json=as_json,
            )  # fmt: skip
    except (DatasetError, TrainingError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{target}: {target.stat().st_size / 1e6:.2f} MB", err=as_json)


def _train_own(
    recipe: Recipe,
    dataset: "Dataset",
    folder: Path,
    target: Path,
    *,
    device: str,
    numbers: str,
    threads: int,
    start: Path | None,
    as_json: bool,
) -> None:
    import msgspec  # noqa: PLC0415
    import torch  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    from models.training.checkpoint import (  # noqa: PLC0415
        load_checkpoint,
        save_checkpoint,
        slimmed,
    )
    from models.training.export import export_network  # noqa: PLC0415
    from models.training.place import find_place  # noqa: PLC0415
    from models.training.trainer import Trainer  # noqa: PLC0415

    torch.set_num_threads(threads)
    trainer = Trainer(recipe, dataset, folder, find_place(device, numbers), start=start)
    if trainer.epochs_done:
        click.echo(f"{folder}: going on after epoch {trainer.epochs_done}", err=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, transient=True, console=Console(stderr=True)) as bar:
        task = bar.add_task("learning", total=recipe.epochs * trainer.steps)

        def show(epochs: int, steps: int) -> None:
            bar.update(task, completed=epochs * trainer.steps + steps)

        for done in trainer.run(show):
            if as_json:
                click.echo(msgspec.json.encode(done).decode())
            else:
                bar.console.print(_told(done, recipe.epochs), highlight=False)
    export_network(trainer.average, recipe, target, licence="Apache-2.0")
    save_checkpoint(folder / "weights.pt", slimmed(load_checkpoint(folder / "last.pt")))


def _told(done: "EpochDone", epochs: int) -> str:
    point = done.point
    classes = "  ".join(f"{name} {value:.2f}" for name, value in done.class_ap50.items())
    return (
        f"epoch {point.epoch}/{epochs}  loss {point.loss:.3f}  AP50 {point.ap50:.3f}  "
        f"{point.seconds:.0f} s  [{classes}]"
    )
