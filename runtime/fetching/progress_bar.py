"""A fetch with a bar that shows how far it is."""

from pathlib import Path
from random import Random

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from runtime.fetching.catalogue import Entry
from runtime.fetching.download import fetch

__all__ = ["fetch_with_bar"]


def fetch_with_bar(entry: Entry, folder: Path, *, mirror: str | None, rng: Random) -> Path:
    """Return the path of an entry's file in ``folder``, fetched if it is not there yet.

    Args:
        entry: what to fetch.
        folder: where to; made if missing.
        mirror: address or path of a folder that holds the files under their names; None: the origin.
        rng: jitter of the waits between tries.

    Raises:
        CatalogueError: as :func:`runtime.fetching.download.fetch` says.
    """
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
            rng=rng,
            progress=lambda here, total: progress.update(task, completed=here, total=total),
        )
