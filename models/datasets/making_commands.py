"""``cityloop models dataset import`` and ``draw``: where data sets come from."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.datasets.store import DEFAULT_ROOT
from runtime.picture_options import shot_options

if TYPE_CHECKING:
    from models.datasets.picture import Picture

__all__ = ["draw", "import_set"]

_ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_ROOT,
    show_default=True,
    help="Folder of the data sets.",
)
_RENAME = click.option(
    "--rename",
    "renames",
    multiple=True,
    metavar="OLD=NEW",
    help="Another name for a label; an empty new one leaves it out; repeatable.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON.")


@click.command("import")
@click.argument("name")
@click.argument("labels", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--format",
    "kind",
    required=True,
    type=click.Choice(["coco", "yolo", "mot", "scene"]),
    help="coco: a .json; yolo: data.yaml; mot: gt.txt; scene: the simulator's --truth.",
)
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, exists=True),
    help="Folder of the pictures, or the video. Default: beside the labels.",
)
@click.option("--camera", default="", help="Which camera took them. Default: by the format.")
@click.option(
    "--every",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Take each N-th frame; mot and scene.",
)
@click.option(
    "--fps", type=click.FloatRange(0.1), help="Frames a second; mot. Default: seqinfo.ini, 25."
)
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="NUMBER=LABEL",
    help="What a number means; mot, default those of MOT16; repeatable.",
)
@_RENAME
@click.option(
    "--split",
    "part",
    type=click.Choice(["train", "val", "test"]),
    help="Part that all of them belong to.",
)
@click.option("--add", is_flag=True, help="Add to what NAME has; default: a version of its own.")
@_ROOT
@_JSON
def import_set(
    name: str, labels: Path, kind: str, pictures: Path | None, camera: str, every: int,
    fps: float | None, classes: tuple[str, ...], renames: tuple[str, ...], part: str | None,
    add: bool, root: Path, as_json: bool,
) -> None:  # fmt: skip
    """Import labelled pictures as the data set NAME.

    LABELS is the file with the boxes. A .yaml description or a COCO document says where its pictures are;
    for the others give --pictures.
    """
    from models.datasets.coco_format import read_coco  # noqa: PLC0415 - keeps --help quick
    from models.datasets.errors import DatasetError, ImportRefused  # noqa: PLC0415
    from models.datasets.mot_format import MOT16_CLASSES, read_mot  # noqa: PLC0415
    from models.datasets.scene_format import read_scene  # noqa: PLC0415
    from models.datasets.store import DatasetStore  # noqa: PLC0415
    from models.datasets.yolo_format import read_yolo  # noqa: PLC0415

    store = DatasetStore(root)
    beside = pictures or labels.parent

    def read(progress: Callable[[int, int], None]) -> "tuple[list[Picture], tuple[str, ...]]":
        if kind == "coco":
            folder = beside / "images" if pictures is None and _in_images(labels) else beside
            return read_coco(store, labels, folder, camera=camera, progress=progress)
        if kind == "yolo":
            return read_yolo(store, labels, camera=camera, progress=progress)
        if pictures is None:
            raise ImportRefused(f"{labels}: give the video or the folder of frames with --pictures")
        if kind == "mot":
            return read_mot(
                store, labels, pictures, classes=_numbered(classes) or MOT16_CLASSES,
                camera=camera, fps=fps, every=every, progress=progress,
            )  # fmt: skip
        return read_scene(store, labels, pictures, camera=camera, every=every, progress=progress)

    words = [f"cityloop models dataset import {name} {labels.name} --format {kind}"]
    words += [f"--every {every}"] * (every > 1) + [f"--rename {one}" for one in renames]
    try:
        found, known = _with_bar("reading", read)
        _keep(
            store, name, found, known, made_by=" ".join(words), renames=renames, part=part, add=add,
            as_json=as_json,
        )  # fmt: skip
    except DatasetError as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.argument("name")
@shot_options(
    seed_of="streets, cameras, light and things",
    per_scene=8,
    scene="street, which has one camera, light and weather",
)
@_RENAME
@click.option(
    "--split",
    "part",
    type=click.Choice(["train", "val", "test"]),
    help="Part that all of them belong to.",
)
@click.option("--add", is_flag=True, help="Add to what NAME has; default: a version of its own.")
@_ROOT
@_JSON
def draw(
    name: str, count: int, seed: int, size: tuple[int, int], per_scene: int, emphasis: tuple[str, ...],
    renames: tuple[str, ...], part: str | None, add: bool, root: Path, as_json: bool,
) -> None:  # fmt: skip
    """Draw streets of all sorts with the simulator as the data set NAME.

    Day, night, rain and glare, many cameras, things that hide each other; equal seeds draw equal pictures.
    """
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick
    from rich.progress import Progress  # noqa: PLC0415

    from models.datasets.drawing import draw_pictures  # noqa: PLC0415
    from models.datasets.errors import DatasetError  # noqa: PLC0415
    from models.datasets.store import DatasetStore  # noqa: PLC0415

    store = DatasetStore(root)
    command = (
        f"cityloop models dataset draw {name} --count {count} --seed {seed} --size {size[0]} {size[1]} "
        f"--per-scene {per_scene}"
        + "".join(f" --emphasis {one}" for one in emphasis)
        + "".join(f" --rename {one}" for one in renames)
    )
    try:
        with Progress(transient=True, console=Console(stderr=True)) as bar:
            task = bar.add_task("drawing", total=count)
            found, known = draw_pictures(
                store, count=count, seed=seed, size=size, per_scene=per_scene, emphasis=emphasis,
                progress=lambda what, done, total: bar.update(
                    task, description=what, completed=done, total=total
                ),
            )  # fmt: skip
        _keep(
            store, name, found, known, made_by=command, renames=renames, part=part, add=add,
            as_json=as_json,
        )  # fmt: skip
    except DatasetError as error:
        raise click.ClickException(str(error)) from error


def _with_bar(
    what: str, work: "Callable[[Callable[[int, int], None]], tuple[list[Picture], tuple[str, ...]]]"
) -> "tuple[list[Picture], tuple[str, ...]]":
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(transient=True, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        return work(lambda done, total: bar.update(task, completed=done, total=total))


def _keep(
    store: object,
    name: str,
    found: "list[Picture]",
    known: tuple[str, ...],
    *,
    made_by: str,
    renames: tuple[str, ...],
    part: str | None,
    add: bool,
    as_json: bool,
) -> None:
    """Rename, join to what is there, keep, and tell."""
    import msgspec  # noqa: PLC0415 - keeps --help quick
    from msgspec.structs import replace  # noqa: PLC0415

    from models.datasets.relabelling import parse_renames, relabelled  # noqa: PLC0415
    from models.datasets.store import DatasetStore  # noqa: PLC0415

    assert isinstance(store, DatasetStore)
    found, known = relabelled(found, known, parse_renames(renames))
    if part is not None:
        found = [replace(one, split=part) for one in found]
    parent = None
    if add and name in store.names():
        had = store.load(name)
        parent = had.manifest.version
        found = [*had.pictures, *found]
        known = tuple(dict.fromkeys((*had.manifest.classes, *known)))
    manifest = store.save(name, found, known, made_by=made_by, parent=parent)
    if as_json:
        click.echo(msgspec.json.encode(manifest).decode())
    else:
        click.echo(
            f"{name}@{manifest.version}: {manifest.pictures} pictures, {manifest.boxes} boxes, classes "
            f"{', '.join(manifest.classes)}"
        )


def _numbered(words: tuple[str, ...]) -> Mapping[int, str]:
    found = {}
    for word in words:
        number, _, label = word.partition("=")
        if not number.isdigit() or not label:
            raise click.BadParameter(f"{word!r}: expected NUMBER=LABEL, like 1=person")
        found[int(number)] = label
    return found


def _in_images(labels: Path) -> bool:
    """Return whether a COCO document's pictures lie in the folder ``images`` beside it."""
    import msgspec  # noqa: PLC0415 - keeps --help quick

    try:
        images = msgspec.json.decode(labels.read_bytes()).get("images", [])
        first = images[0]["file_name"] if images else ""
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError, OSError):
        return False
    return not (labels.parent / first).is_file()
