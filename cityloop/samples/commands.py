"""``cityloop samples``: camera clips to try."""

import sys
from pathlib import Path
from random import Random

import click
import msgspec

from runtime.fetching.catalogue import Catalogue, load_catalogue
from runtime.fetching.errors import CatalogueError, TermsNotAccepted

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """List and fetch camera clips to try."""


def _catalogue() -> Catalogue:
    return load_catalogue("cityloop.samples", Catalogue)


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_entries(*, as_json: bool) -> None:
    """List the camera clips that can be fetched, with their licences."""
    entries = _catalogue().entries
    if as_json:
        click.echo(msgspec.json.encode(entries))
        return
    for entry in entries:
        click.echo(f"{entry.name}  {entry.size_bytes / 1e6:.1f} MB  {entry.licence}")
        click.echo(f"  {entry.title}")
        click.echo(f"  by {entry.attribution}; {entry.page}")
        if entry.research_only:
            click.echo("  for research only: pull needs --accept-research-use")


@main.command()
@click.argument("name")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/samples"),
    show_default=True,
    help="Folder for the file; made if missing.",
)
@click.option("--mirror", help="Folder, or its address, that has the files instead of the origin.")
@click.option("--accept-research-use", is_flag=True, help="Agree to a research-only licence.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def pull(
    name: str, folder: Path, mirror: str | None, *, accept_research_use: bool, as_json: bool
) -> None:
    """Fetch one of the clips; goes on where an interrupted call stopped."""
    from runtime.fetching.progress_bar import fetch_with_bar  # noqa: PLC0415 - keeps --help quick

    try:
        entry = _catalogue().entry(name)
        if entry.research_only and not accept_research_use:
            raise TermsNotAccepted(
                f"{entry.name}: {entry.licence}, for research only ({entry.page}); if that is "
                "your use, say so with --accept-research-use"
            )
        path = fetch_with_bar(entry, folder, mirror=mirror, rng=Random())
    except CatalogueError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    if as_json:
        told = {"path": str(path), "sha256": entry.sha256, "licence": entry.licence}
        click.echo(msgspec.json.encode(told))
    else:
        click.echo(f"{path}: {entry.licence}, by {entry.attribution}")
