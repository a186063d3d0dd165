"""``cityloop models list|info|pull``: detectors that can be had."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import click
import msgspec

from models.catalogue.entries import ModelEntry, load_models
from models.catalogue.shipped import Shipped, shipped_models
from runtime.fetching.errors import CatalogueError, TermsNotAccepted, UnknownEntry

if TYPE_CHECKING:
    from edge.vision.network_facts import NetworkFacts

__all__ = ["info", "list_models", "pull"]

AGPL_WORD = (
    "AGPL-3.0: whoever passes it on, or lets others use a changed version over a network, owes them "
    "the source of the whole work under the same licence. Ultralytics says that this holds for its "
    "weights and for what is trained with its code too, and sells other licences"
)
"""Source: GNU Affero General Public License 3.0 §5, §13; Ultralytics' page on licences."""


@contextmanager
def _told() -> Iterator[None]:
    """Turn an error of the catalogue into one line and exit code 1."""
    try:
        yield
    except CatalogueError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


def _find(name: str) -> ModelEntry | Shipped:
    shipped = shipped_models()
    for model in shipped:
        if model.name == name:
            return model
    entries = load_models().entries
    for entry in entries:
        if entry.name == name:
            return entry
    known = ", ".join([model.name for model in shipped] + [entry.name for entry in entries])
    raise UnknownEntry(f"{name!r} is not in the catalogue: expected one of {known}")


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_models(*, as_json: bool) -> None:
    """List the detectors that can be had, with their licences."""
    shipped, entries = shipped_models(), load_models().entries
    if as_json:
        click.echo(msgspec.json.encode([*shipped, *entries]))
        return
    for model in shipped:
        click.echo(
            f"{model.name}  {model.size_bytes / 1e6:.1f} MB  {model.licence}  comes with this"
        )
        click.echo(f"  {model.title}")
    for entry in entries:
        click.echo(f"{entry.name}  {entry.size_bytes / 1e6:.1f} MB  {entry.licence}")
        click.echo(f"  {entry.title}")
        click.echo(f"  by {entry.attribution}; {entry.page}")
        if entry.strong_copyleft:
            click.echo("  pull needs --accept-agpl: see cityloop models info " + entry.name)


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(name: str, *, as_json: bool) -> None:
    """Tell all about the detector NAME: of the list, or an .onnx file here."""
    with _told():
        if name.endswith(".onnx"):
            _tell_file(Path(name), as_json=as_json)
            return
        model = _find(name)
        if as_json:
            click.echo(msgspec.json.encode(model))
            return
        for field, value in msgspec.structs.asdict(model).items():
            if value not in ("", None):
                click.echo(f"{field:<14}{_plain(value)}")
        if isinstance(model, ModelEntry) and model.strong_copyleft:
            click.echo(f"\n{AGPL_WORD}. See docs/models.md")
        if isinstance(model, Shipped):
            _tell_file(Path(model.path), as_json=False)


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return " x ".join(str(part) for part in value)
    return str(value)


def _tell_file(path: Path, *, as_json: bool) -> None:
    facts = _facts(path)
    told = {
        "model_id": facts.model_id,
        "layout": facts.layout.value,
        "input": f"1 x 3 x {facts.height} x {facts.width} {'float16' if facts.half else 'float32'}",
        "labels": facts.names,
    }
    if as_json:
        click.echo(msgspec.json.encode(told))
        return
    for field, value in told.items():
        shown = value if isinstance(value, str) else f"{len(value)}: {', '.join(value)}"
        click.echo(f"{field:<14}{shown}")


def _facts(path: Path) -> "NetworkFacts":
    from edge.errors import ModelError  # noqa: PLC0415 - onnxruntime takes half a second to import
    from edge.vision.onnx_model import OnnxModel  # noqa: PLC0415

    try:
        return OnnxModel(path).facts
    except ModelError as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.argument("name")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/models"),
    show_default=True,
    help="Folder for the file; made if missing.",
)
@click.option("--mirror", help="Folder, or its address, that has the files instead of the origin.")
@click.option("--accept-agpl", is_flag=True, help="Agree to the AGPL-3.0 of Ultralytics' models.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def pull(name: str, folder: Path, mirror: str | None, *, accept_agpl: bool, as_json: bool) -> None:
    """Fetch the detector NAME; goes on where an interrupted call stopped."""
    from runtime.fetching.progress_bar import fetch_with_bar  # noqa: PLC0415 - keeps --help quick

    rng = Random()  # noqa: S311 - jitter of waits
    with _told():
        model = _find(name)
        if isinstance(model, Shipped):
            path = model.copy_to(folder)
        else:
            if model.strong_copyleft and not accept_agpl:
                raise TermsNotAccepted(
                    f"{model.name}: {AGPL_WORD}. If you agree, say so with --accept-agpl; "
                    "yolox-nano and yolox-tiny are Apache-2.0"
                )
            path = fetch_with_bar(model, folder, mirror=mirror, rng=rng)
    if as_json:
        told = {"path": str(path), "sha256": model.sha256, "licence": model.licence}
        click.echo(msgspec.json.encode(told))
        return
    by = f", by {model.attribution}" if isinstance(model, ModelEntry) else ", by this project"
    click.echo(f"{path}: {model.licence}{by}")
