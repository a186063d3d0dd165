"""``cityloop models dataset``: pictures with boxes, imported, drawn, checked, split and counted."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.datasets.making_commands import draw, import_set
from models.datasets.redacting_command import redact
from models.datasets.store import DEFAULT_ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.datasets.findings import Finding
    from models.datasets.statistics import DatasetStatistics
    from models.datasets.store import Dataset

__all__ = ["dataset"]

_ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_ROOT,
    show_default=True,
    help="Folder of the data sets.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def dataset() -> None:
    """Pictures with boxes in one plain form, versioned by what is in them.

    A data set is called by its NAME (its newest version), by name@version, or by a version.

    \b
    Examples:
      cityloop models dataset draw street --count 5000 --seed 1
      cityloop models dataset import gate labels.json --format coco --camera gate-1
      cityloop models dataset split street --train 0.9 --val 0.04 --test 0.06
      cityloop models dataset check street --strict
    """


dataset.add_command(import_set)
dataset.add_command(draw)
dataset.add_command(redact)


@dataset.command("list")
@_ROOT
@_JSON
def list_sets(root: Path, as_json: bool) -> None:
    """List the data sets and their versions, newest last."""
    import msgspec  # noqa: PLC0415 - keeps --help quick

    from models.datasets.errors import DatasetError  # noqa: PLC0415
    from models.datasets.store import DatasetStore  # noqa: PLC0415

    store = DatasetStore(root)
    try:
        manifests = {
            name: [store.manifest_of(version) for version in versions]
            for name, versions in store.names().items()
        }
    except DatasetError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(msgspec.json.encode(manifests).decode())
        return
    if not manifests:
        click.echo(f"{root}: no data sets yet; `cityloop models dataset draw` makes one")
    for name, versions in manifests.items():
        for one in versions:
            origin = f" from {one.parent}" if one.parent else ""
            click.echo(
                f"{name}@{one.version}{origin}: {one.pictures} pictures, {one.boxes} boxes; {one.made_by}"
            )


@dataset.command()
@click.argument("name")
@_ROOT
@click.option(
    "--alike",
    type=click.IntRange(0, 64),
    default=5,
    show_default=True,
    help="Pictures whose hashes differ in up to so many of 256 bits look alike.",
)
@click.option("--strict", is_flag=True, help="Exit code 1 when anything was found.")
@_JSON
def check(name: str, root: Path, alike: int, strict: bool, as_json: bool) -> None:  # fmt: skip
    """Look for what is doubtful: empty, tiny, overlapping, wrong classes, duplicates, leaks."""
    import sys  # noqa: PLC0415 - keeps --help quick
    from collections import Counter  # noqa: PLC0415

    import msgspec  # noqa: PLC0415

    found = _findings(_load(root, name), alike)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        for one in found:
            source = f" ({one.source})" if one.source else ""
            click.echo(f"{one.kind}: {one.picture or 'all'}{source}: {one.what}")
        counts = Counter(one.kind.value for one in found)
        told = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "nothing"
        click.echo(f"{name}: {told} found", err=True)
    if strict and found:
        sys.exit(1)


@dataset.command()
@click.argument("name")
@_ROOT
@click.option(
    "--by",
    type=click.Choice(["camera", "time"]),
    default="camera",
    show_default=True,
    help="What stays together: all of a camera, or a stretch of time.",
)
@click.option(
    "--train",
    type=click.FloatRange(0.0, 1.0),
    default=0.8,
    show_default=True,
    help="Share to learn from.",
)
@click.option(
    "--val",
    type=click.FloatRange(0.0, 1.0),
    default=0.1,
    show_default=True,
    help="Share to watch the learning with.",
)
@click.option(
    "--test",
    type=click.FloatRange(0.0, 1.0),
    default=0.1,
    show_default=True,
    help="Share to judge with at the end.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Draws which camera or stretch goes where.",
)
@click.option(
    "--stretch",
    type=click.FloatRange(0.1),
    default=60.0,
    show_default=True,
    help="Length of a stretch, seconds; by time only.",
)
@click.option(
    "--gap",
    type=click.FloatRange(0.0),
    default=5.0,
    show_default=True,
    help="Left out at a stretch's end, seconds; by time only.",
)
@_JSON
def split(
    name: str, root: Path, by: str, train: float, val: float, test: float, seed: int,
    stretch: float, gap: float, as_json: bool,
) -> None:  # fmt: skip
    """Make a version with parts train, val and test, none of which shares a scene with another."""
    import numpy as np  # noqa: PLC0415 - keeps --help quick

    from models.datasets.errors import DatasetError  # noqa: PLC0415
    from models.datasets.splits import split_by_camera, split_by_time  # noqa: PLC0415
    from models.datasets.store import DatasetStore  # noqa: PLC0415

    if abs(train + val + test - 1.0) > 1e-6:
        raise click.UsageError(
            f"--train {train:g} + --val {val:g} + --test {test:g} is {train + val + test:g}; expected 1"
        )
    if by == "time" and gap >= stretch:
        raise click.UsageError(
            f"--gap {gap:g} leaves nothing of a --stretch of {stretch:g} seconds"
        )
    given = _load(root, name)
    shares = {"train": train, "val": val, "test": test}
    rng = np.random.default_rng(seed)
    command = (
        f"cityloop models dataset split {name} --by {by} --train {train:g} --val {val:g} "
        f"--test {test:g} --seed {seed}"
        + (f" --stretch {stretch:g} --gap {gap:g}" if by == "time" else "")
    )
    try:
        pictures = (
            split_by_camera(given.pictures, shares, rng)
            if by == "camera"
            else split_by_time(given.pictures, shares, rng, stretch_s=stretch, gap_s=gap)
        )
        manifest = DatasetStore(root).save(
            name.partition("@")[0], pictures, given.manifest.classes,
            made_by=command, parent=given.manifest.version,
        )  # fmt: skip
    except DatasetError as error:
        raise click.ClickException(str(error)) from error
    _tell(_statistics(DatasetStore(root).load(manifest.version)), as_json)


@dataset.command()
@click.argument("name")
@_ROOT
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Numbers as PNG.")
@click.option(
    "--sheet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Contact sheet as PNG: pictures drawn by lot, with their boxes.",
)
@click.option(
    "--split",
    "part",
    type=click.Choice(["train", "val", "test"]),
    help="One part only; default: all.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Draws the pictures of the sheet.",
)
@_JSON
def stats(
    name: str, root: Path, plot: Path | None, sheet: Path | None, part: str | None, seed: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Count what is in a data set; draw it."""
    import numpy as np  # noqa: PLC0415 - keeps --help quick
    from msgspec.structs import replace  # noqa: PLC0415

    from models.datasets.contact_sheet import draw_sheet, draw_statistics  # noqa: PLC0415
    from models.datasets.errors import DatasetError  # noqa: PLC0415

    given = _load(root, name)
    if part is not None:
        given = replace(given, pictures=tuple(given.part(part)))
    numbers = _statistics(given)
    _tell(numbers, as_json)
    try:
        if plot is not None:
            draw_statistics(numbers, plot)
        if sheet is not None:
            draw_sheet(given, sheet, np.random.default_rng(seed))
        for written in (plot, sheet):
            if written is not None:
                click.echo(f"{written} written", err=True)
    except DatasetError as error:
        raise click.ClickException(str(error)) from error


@dataset.command()
@click.argument("name")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@_ROOT
@click.option(
    "--format",
    "kind",
    type=click.Choice(["coco", "yolo"]),
    default="coco",
    show_default=True,
    help="What is written.",
)
@click.option(
    "--split",
    "part",
    type=click.Choice(["train", "val", "test"]),
    help="One part only; default: all.",
)
@click.option("--tag", help="Only pictures with this word, like night.")
def export(name: str, out: Path, root: Path, kind: str, part: str | None, tag: str | None) -> None:  # fmt: skip
    """Write a data set for others into the folder OUT: COCO (labels.json, images/) or YOLO (data.yaml)."""
    import msgspec  # noqa: PLC0415 - keeps --help quick

    from models.datasets.coco_format import coco_document  # noqa: PLC0415
    from models.datasets.yolo_format import link_or_copy, write_yolo  # noqa: PLC0415

    given = _load(root, name)
    pictures = [
        one
        for one in given.pictures
        if (part is None or one.split == part) and (tag is None or tag in one.tags)
    ]
    if not pictures:
        raise click.ClickException(f"data set {name}: no picture of that part and tag")
    try:
        out.mkdir(parents=True, exist_ok=True)
        if kind == "yolo":
            write_yolo(given, pictures, out)
        else:
            (out / "images").mkdir(exist_ok=True)
            for one in pictures:
                link_or_copy(given.path_of(one), out / "images" / f"{one.sha256}{one.suffix}")
            document = coco_document(pictures, given.manifest.classes)
            (out / "labels.json").write_bytes(msgspec.json.encode(document))
    except OSError as error:
        raise click.ClickException(f"{out}: {error}") from error
    click.echo(f"{out}: {len(pictures)} pictures as {kind}")


def _load(root: Path, name: str) -> "Dataset":
    from models.datasets.errors import DatasetError  # noqa: PLC0415 - keeps --help quick
    from models.datasets.store import DatasetStore  # noqa: PLC0415

    try:
        return DatasetStore(root).load(name)
    except DatasetError as error:
        raise click.ClickException(str(error)) from error


def _findings(given: "Dataset", alike: int) -> "Sequence[Finding]":
    import numpy as np  # noqa: PLC0415 - keeps --help quick
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from models.datasets.findings import findings_of, lookalikes  # noqa: PLC0415
    from models.datasets.likeness import difference_hash  # noqa: PLC0415
    from models.datasets.pixels import pixels_of  # noqa: PLC0415

    found = findings_of(given.pictures, given.manifest.classes)
    hashes = []
    with Progress(transient=True, console=Console(stderr=True)) as bar:
        for one in bar.track(given.pictures, description="looking"):
            path = given.path_of(one)
            try:
                hashes.append(difference_hash(pixels_of(path.read_bytes(), str(path))))
            except OSError as error:
                raise click.ClickException(
                    f"picture {path}: {error.strerror}; import the data set again"
                ) from error
    return [*found, *lookalikes(given.pictures, np.array(hashes), alike)]


def _statistics(given: "Dataset") -> "DatasetStatistics":
    from models.datasets.statistics import statistics_of  # noqa: PLC0415 - keeps --help quick

    return statistics_of(given)


def _tell(numbers: "DatasetStatistics", as_json: bool) -> None:
    import msgspec  # noqa: PLC0415 - keeps --help quick
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    if as_json:
        click.echo(msgspec.json.encode(numbers).decode())
        return
    parts = ", ".join(f"{part} {count}" for part, count in numbers.splits.items())
    tags = ", ".join(f"{tag} {count}" for tag, count in numbers.tags.items())
    click.echo(
        f"{numbers.version}: {numbers.pictures} pictures ({parts}), {numbers.boxes} boxes, "
        f"{numbers.ignored} ignored, {numbers.empty} empty, cameras: {numbers.cameras}"
    )
    click.echo(f"tags: {tags or 'none'}")
    table = Table("class", "boxes", "pictures", "small", "large", "hidden", "median px")
    for one in numbers.classes:
        table.add_row(
            one.label,
            *(str(value) for value in (one.boxes, one.pictures, one.small, one.large, one.hidden)),
            f"{one.median_px:g}",
        )
    Console().print(table)
