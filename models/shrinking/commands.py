"""``cityloop models shrink``: smaller and faster variants, each held against the original."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from models.judging.renaming import RENAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.shrinking.variants import Trial, Verdict

__all__ = ["shrink"]

_STEPS = "slim, rect, int8, int8-plain, int8-nncf, bf16"


def _camera(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    if value is None:
        return None
    match = re.fullmatch(r"(\d{2,5})x(\d{2,5})", value)
    if match is None:
        raise click.BadParameter(f"{value!r}: expected columns x rows, like 1920x1080")
    return int(match[1]), int(match[2])


def _variants(
    _context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    for name in value:
        unknown = [part for part in name.split("+") if part not in _STEPS.split(", ")]
        if unknown:
            raise click.BadParameter(f"{unknown[0]!r}: expected {_STEPS}, or several joined by +")
    return value


@click.command()
@click.argument("model", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--variant",
    "variants",
    multiple=True,
    required=True,
    callback=_variants,
    help=f"{_STEPS}; several steps joined by +; repeatable.",
)
@click.option(
    "--frames",
    "sources",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="Video, or folder of pictures, to calibrate with and to compare on; repeatable.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    help="Labelled pictures, for the loss of mAP.",
)
@RENAME
@click.option(
    "--camera", callback=_camera, metavar="COLUMNSxROWS", help="Size of the fixed camera's picture."
)
@click.option("--keep", multiple=True, metavar="REGEX", help="Nodes that stay in FP32; repeatable.")
@click.option(
    "--most",
    type=click.IntRange(1),
    default=40,
    show_default=True,
    help="Frames of each source to calibrate with, and as many to compare on.",
)
@click.option(
    "--every", type=click.IntRange(1), default=2, show_default=True, help="Take each N-th frame."
)
@click.option(
    "--confidence", type=click.FloatRange(0.0, 1.0), default=0.3, show_default=True,
    help="Lowest score of boxes that are compared.",
)  # fmt: skip
@click.option(
    "--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="Of one inference."
)
@click.option(
    "--min-agreement", type=click.FloatRange(0.0, 1.0), default=0.97, show_default=True,
    help="Least share of matched boxes.",
)  # fmt: skip
@click.option(
    "--max-loss", type=click.FloatRange(0.0, 1.0), default=0.01, show_default=True,
    help="Greatest loss of mAP50-95.",
)  # fmt: skip
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/models"),
    show_default=True,
    help="Folder for variants that are accepted; made if missing.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def shrink(
    model: Path,
    variants: tuple[str, ...],
    sources: tuple[Path, ...],
    data: Path | None,
    renamed: dict[str, str],
    camera: tuple[int, int] | None,
    keep: tuple[str, ...],
    most: int,
    every: int,
    confidence: float,
    threads: int,
    min_agreement: float,
    max_loss: float,
    to: Path,
    *,
    as_json: bool,
) -> None:
    """Make variants of the detector MODEL (.onnx), and write those that still see the same.

    Exit codes: 0 all accepted, 1 at least one refused, 2 nothing could be made.
    """
    from edge.errors import ModelError  # noqa: PLC0415 - keeps --help quick
    from models.judging.coco_folder import read_coco_folder  # noqa: PLC0415
    from models.judging.errors import JudgingError  # noqa: PLC0415
    from models.shrinking.errors import ShrinkingError  # noqa: PLC0415
    from models.shrinking.pictures import gather  # noqa: PLC0415
    from models.shrinking.variants import Limits, Trial  # noqa: PLC0415

    try:
        trial = Trial(
            pictures=[gather(path, most=most, every=every) for path in sources],
            judged=None if data is None else read_coco_folder(data),
            renamed=renamed,
            confidence=confidence,
            threads=threads,
            camera=camera,
            keep=keep,
            limits=Limits(min_agreement=min_agreement, max_loss=max_loss),
        )
        verdicts = _shrunk(model, variants, to, trial)
    except (ShrinkingError, JudgingError, ModelError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    _tell(verdicts, as_json=as_json)
    sys.exit(0 if all(one.accepted for one in verdicts) else 1)


def _shrunk(
    model: Path, variants: "Sequence[str]", to: Path, trial: "Trial"
) -> "tuple[Verdict, ...]":
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick
    from rich.progress import Progress, SpinnerColumn, TextColumn  # noqa: PLC0415

    from models.shrinking.variants import shrink as made  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, transient=True, console=Console(stderr=True)) as bar:
        task = bar.add_task("looking with the original", total=None)
        return made(
            model, variants, to, trial, progress=lambda name: bar.update(task, description=name)
        )


def _tell(verdicts: "Sequence[Verdict]", *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(verdicts))
        return
    for one in verdicts:
        rows, columns = one.input_px
        click.echo(
            f"{one.variant:<12}{'accepted' if one.accepted else 'REFUSED':<10}{one.speed:.2f}x as fast  "
            f"{one.bytes / 1e6:.2f} MB (was {one.bytes_before / 1e6:.2f})  {rows} x {columns}  "
            f"{one.runtime}"
        )
        for each in one.agreement:
            click.echo(
                f"  {each.source}: {each.matched} of {each.reference} boxes, {each.found} found "
                f"(recall {each.recall:.3f}, precision {each.precision:.3f})"
            )
        if one.map50_95 is not None and one.map50_95_before is not None:
            click.echo(f"  mAP50-95 {one.map50_95:.3f} (was {one.map50_95_before:.3f})")
        for reason in one.reasons:
            click.echo(f"  refused: {reason}")
        if one.file:
            click.echo(f"  {one.file}")
