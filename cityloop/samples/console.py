"""The commands ``list`` and ``pull`` over any catalogue."""

import sys
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from cityloop.samples.catalogue import Catalogue, Entry
from cityloop.samples.errors import CatalogueError, TermsNotAccepted

__all__ = ["catalogue_group"]


def catalogue_group(load: Callable[[], Catalogue], what: str, default_folder: str) -> click.Group:
    """Return a command group over a catalogue.

    Args:
        load: returns the catalogue; called only when a command runs.
        what: what the entries are, for the help ("camera clips").
        default_folder: where ``pull`` puts files unless told otherwise.
    """

    @click.group(
        help=f"List and fetch {what}.", context_settings={"help_option_names": ["-h", "--help"]}
    )
    def main() -> None:
        """Nothing of its own."""

    @main.command("list", help=f"List the {what} that can be fetched, with their licences.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
    def list_entries(*, as_json: bool) -> None:
        entries = load().entries
        if as_json:
            click.echo(msgspec.json.encode(entries))
            return
        for entry in entries:
            click.echo(f"{entry.name}  {entry.size_bytes / 1e6:.1f} MB  {entry.licence}")
            click.echo(f"  {entry.title}")
            click.echo(f"  by {entry.attribution}; {entry.page}")
            if entry.research_only:
                click.echo("  for research only: pull needs --accept-research-use")

    @main.command(help=f"Fetch one of the {what}; goes on where an interrupted call stopped.")
    @click.argument("name")
    @click.option(
        "--to",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(default_folder),
        show_default=True,
        help="Folder for the file; made if missing.",
    )
    @click.option("--mirror", help="Folder address that serves the files instead of the origin.")
    @click.option("--accept-research-use", is_flag=True, help="Agree to a research-only licence.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    def pull(
        name: str, folder: Path, mirror: str | None, *, accept_research_use: bool, as_json: bool
    ) -> None:
        try:
            entry = load().entry(name)
            if entry.research_only and not accept_research_use:
                raise TermsNotAccepted(
                    f"{entry.name}: {entry.licence}, for research only ({entry.page}); if that is "
                    "your use, say so with --accept-research-use"
                )
            path = _pull(entry, folder, mirror)
        except CatalogueError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(1)
        if as_json:
            told = {"path": str(path), "sha256": entry.sha256, "licence": entry.licence}
            click.echo(msgspec.json.encode(told))
        else:
            click.echo(f"{path}: {entry.licence}, by {entry.attribution}")

    return main


def _pull(entry: Entry, folder: Path, mirror: str | None) -> Path:
    from random import Random  # noqa: PLC0415 - keeps --help quick

    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TransferSpeedColumn,
    )

    from cityloop.samples.download import fetch  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(entry.file, total=entry.size_bytes)
        return fetch(
            entry,
            folder,
            mirror=mirror,
            rng=Random(),
            progress=lambda here, total: progress.update(task, completed=here, total=total),
        )
