"""``cityloop models dataset redact``: what a box would give away of a data set."""

from pathlib import Path

import click

from models.datasets.store import DEFAULT_ROOT

__all__ = ["redact"]


@click.command()
@click.argument("name")
@click.argument("new")
@click.option(
    "--policy",
    type=click.Choice(["auto", "objects", "whole"]),
    default="auto",
    show_default=True,
    help="As `redact` of a camera's configuration.",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Detector (.onnx) that says what is covered, as on a box. Default: whatever has a label.",
)
@click.option(
    "--split",
    "part",
    type=click.Choice(["train", "val", "test"]),
    help="Only this part; the others stay as they are. Default: all pictures.",
)
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_ROOT,
    show_default=True,
    help="Folder of the data sets.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON.")
def redact(
    name: str, new: str, policy: str, model: Path | None, part: str | None, root: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Make NEW of the data set NAME: the same boxes, pictures as a box would send them.

    Judging a detector on both, or training one on each, says what redaction costs.
    """
    import msgspec  # noqa: PLC0415 - keeps --help quick
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from edge.errors import ModelError  # noqa: PLC0415
    from edge.evidence.config import RedactPolicy  # noqa: PLC0415
    from edge.vision.onnx_detector import OnnxDetector  # noqa: PLC0415
    from models.datasets.errors import DatasetError  # noqa: PLC0415
    from models.datasets.redacting import redacted  # noqa: PLC0415
    from models.datasets.store import DatasetStore  # noqa: PLC0415

    store = DatasetStore(root)
    try:
        had = store.load(name)
        chosen = had.pictures if part is None else had.part(part)
        others = [] if part is None else [one for one in had.pictures if one.split != part]
        detector = None if model is None else OnnxDetector(model)
        with Progress(transient=True, console=Console(stderr=True)) as bar:
            task = bar.add_task("redacting", total=len(chosen))
            done = redacted(
                store, had, chosen, RedactPolicy(policy), detector=detector,
                progress=lambda number, _of: bar.update(task, completed=number),
            )  # fmt: skip
        manifest = store.save(
            new,
            [*others, *done],
            had.manifest.classes,
            made_by=f"cityloop models dataset redact {name} {new} --policy {policy}",
            parent=had.manifest.version,
        )
    except (DatasetError, ModelError, OSError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(msgspec.json.encode(manifest).decode())
    else:
        click.echo(
            f"{new}@{manifest.version}: {len(done)} of {manifest.pictures} pictures redacted"
        )
