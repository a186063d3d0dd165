"""Commands about what was hard: ``cityloop models review …``."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.bundles.registry_commands import registry_of
from runtime.api_options import api_options

if TYPE_CHECKING:
    from models.learning.reviewed import Reviewed

__all__ = ["review"]

_FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_FORMAT = click.option(
    "--format",
    "kind",
    type=click.Choice(["cvat", "label-studio"]),
    required=True,
    help="CVAT for images 1.1 (XML), or Label Studio's tasks (JSON).",
)


class _Refused(click.ClickException):
    """One line on stderr and exit code 2: a person has to put something right."""

    exit_code = 2


@contextmanager
def _refusing() -> Iterator[None]:
    """Say what goes wrong in one line and leave with status 2."""
    from models.datasets.errors import DatasetError  # noqa: PLC0415 - keeps --help quick
    from models.learning.errors import LearningError  # noqa: PLC0415 - as above

    try:
        yield
    except (DatasetError, LearningError, OSError) as error:
        raise _Refused(str(error)) from error


def _say(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(facts))
    else:
        click.echo(", ".join(f"{name} {value}" for name, value in facts.items()))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def review() -> None:
    """Look at pictures that were hard, and make the next version of a data set of them."""


@review.command()
@_FOLDER
@click.option(
    "--state",
    type=click.Choice(["open", "accepted", "rejected"]),
    default="open",
    show_default=True,
    help="Which pictures of the queue.",
)
@click.option("--reason", help="Only pictures that are there for this reason.")
@click.option(
    "--model",
    help="Only pictures of this network: its name (smoke), or one version (smoke-2.0.0-1a2b3c4d).",
)
@click.option(
    "--most", type=click.IntRange(1), default=500, show_default=True, help="Most of them."
)
@api_options
@_JSON
def fetch(
    folder: Path,
    state: str,
    reason: str | None,
    model: str | None,
    most: int,
    api: str,
    key_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Fetch pictures of the API's queue into FOLDER.

    Exit codes: 0 done, 2 refused.
    """
    import msgspec  # noqa: PLC0415 - keeps --help quick
    from rich.progress import track  # noqa: PLC0415 - as above

    from contracts.review import ReviewDecision, ReviewItem  # noqa: PLC0415 - as above
    from models.learning.reviewed import Reviewed, file_of, save_reviewed  # noqa: PLC0415

    found: list[Reviewed] = []
    with registry_of(api, key_file) as registry, _refusing():
        cursor: str | None = None
        while len(found) < most:
            asked = {
                "state": state,
                "reason": reason,
                "model": model,
                "cursor": cursor,
                "limit": min(200, most),
            }
            sent = {name: value for name, value in asked.items() if value is not None}
            page = registry.ask("GET", "/v1/reviews", params=sent)
            for row in page["items"]:
                said = msgspec.convert(row["decision"], ReviewDecision | None)
                item = msgspec.convert(row["item"], ReviewItem)
                found.append(
                    Reviewed(item=item)
                    if said is None
                    else Reviewed(item=item, accepted=said.accepted, boxes=said.boxes)
                )
            cursor = page["next_cursor"]
            if cursor is None:
                break
        found = found[:most]
        folder.mkdir(parents=True, exist_ok=True)
        for one in track(found, "pictures", disable=as_json, transient=True):
            path = folder / file_of(one.item)
            if not path.exists():
                path.write_bytes(registry.fetch(f"/v1/evidence/{one.item.evidence}"))
        save_reviewed(folder, found)
    _say({"pictures": len(found), "folder": str(folder)}, as_json=as_json)


@review.command()
@_FOLDER
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The page.")
@_JSON
def sheet(folder: Path, out: Path | None, *, as_json: bool) -> None:
    """Write an HTML page that shows the pictures in FOLDER with their boxes.

    Exit codes: 0 done, 2 refused.
    """
    from models.learning.contact_page import contact_page  # noqa: PLC0415 - keeps --help quick
    from models.learning.reviewed import load_reviewed  # noqa: PLC0415 - as above

    target = out or folder / "review.html"
    with _refusing():
        found = load_reviewed(folder)
        target.write_text(contact_page(found, folder), "utf-8")
    _say({"page": str(target), "pictures": len(found)}, as_json=as_json)


@review.command()
@_FOLDER
@_FORMAT
@click.option("--labels", help="All names that may be given, with commas; else those that occur.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write."
)
@_JSON
def export(folder: Path, kind: str, labels: str | None, out: Path, *, as_json: bool) -> None:
    """Write the boxes of the pictures in FOLDER for CVAT or Label Studio, to begin with.

    Exit codes: 0 done, 2 refused.
    """
    from models.learning.cvat_format import to_cvat  # noqa: PLC0415 - keeps --help quick
    from models.learning.label_studio_format import to_label_studio  # noqa: PLC0415 - as above
    from models.learning.reviewed import load_reviewed  # noqa: PLC0415 - as above

    with _refusing():
        found = load_reviewed(folder)
        names = (
            sorted({box.label for one in found for box in one.shown})
            if labels is None
            else [name.strip() for name in labels.split(",")]
        )
        out.write_bytes(to_cvat(found, names) if kind == "cvat" else to_label_studio(found))
    _say({"file": str(out), "pictures": len(found), "labels": ",".join(names)}, as_json=as_json)


@review.command("import")
@_FOLDER
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@_FORMAT
@_JSON
def import_labels(folder: Path, file: Path, kind: str, *, as_json: bool) -> None:
    """Take the labels in FILE, which CVAT or Label Studio gave, for the pictures in FOLDER.

    A picture that FILE does not name stays as it is; one without any box is accepted as empty.

    Exit codes: 0 done, 2 refused.
    """
    import msgspec  # noqa: PLC0415 - keeps --help quick

    from models.learning.cvat_format import from_cvat  # noqa: PLC0415 - as above
    from models.learning.label_studio_format import from_label_studio  # noqa: PLC0415 - as above
    from models.learning.reviewed import (  # noqa: PLC0415 - as above
        file_of,
        load_reviewed,
        save_reviewed,
    )

    with _refusing():
        content = file.read_bytes()
        labels = from_cvat(content) if kind == "cvat" else from_label_studio(content)
        known = load_reviewed(folder)
        done: list[Reviewed] = []
        for one in known:
            boxes = labels.get(file_of(one.item))
            done.append(
                one if boxes is None else msgspec.structs.replace(one, accepted=True, boxes=boxes)
            )
        save_reviewed(folder, done)
    taken = sum(file_of(one.item) in labels for one in known)
    _say({"labelled": taken, "strange": len(labels) - taken}, as_json=as_json)


@review.command()
@_FOLDER
@api_options
@_JSON
def send(folder: Path, api: str, key_file: Path | None, *, as_json: bool) -> None:
    """Tell the API what was decided about the pictures in FOLDER.

    Exit codes: 0 done, 2 refused.
    """
    import msgspec  # noqa: PLC0415 - keeps --help quick

    from contracts.review import ReviewDecision  # noqa: PLC0415 - as above
    from models.learning.reviewed import load_reviewed  # noqa: PLC0415 - as above

    with _refusing(), registry_of(api, key_file) as registry:
        decided = [one for one in load_reviewed(folder) if one.accepted is not None]
        for one in decided:
            decision = ReviewDecision(accepted=bool(one.accepted), boxes=one.boxes)
            body = msgspec.to_builtins(decision)
            registry.ask("POST", f"/v1/reviews/{one.item.id}/decision", json=body)
    _say({"decided": len(decided)}, as_json=as_json)


@review.command()
@_FOLDER
@click.option("--data", required=True, help="Data set that they are added to: name or version.")
@click.option("--name", required=True, help="Name of the next version.")
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/datasets"),
    show_default=True,
    help="Folder of data sets.",
)
@click.option(
    "--model",
    "networks",
    multiple=True,
    help="Only pictures of this network, by its name; may be given several times.",
)
@_JSON
def accept(
    folder: Path, data: str, name: str, root: Path, networks: tuple[str, ...], *, as_json: bool
) -> None:
    """Add what was accepted in FOLDER to a data set, as its next version.

    Pictures of several networks are refused unless --model names those that are meant: each is labelled
    with what its own network knows, and would teach another one that everything else is nothing.

    Exit codes: 0 done, 2 refused.
    """
    from models.datasets.store import DatasetStore  # noqa: PLC0415 - keeps --help quick
    from models.learning.acceptance import accept as add  # noqa: PLC0415 - as above
    from models.learning.acceptance import of_networks  # noqa: PLC0415 - as above
    from models.learning.reviewed import load_reviewed  # noqa: PLC0415 - as above

    with _refusing():
        store = DatasetStore(root)
        reviewed = of_networks(load_reviewed(folder), networks)
        manifest = add(store, store.load(data), name, reviewed, folder)
    _say(
        {
            "version": manifest.version,
            "parent": manifest.parent,
            "pictures": manifest.pictures,
            "boxes": manifest.boxes,
        },
        as_json=as_json,
    )
