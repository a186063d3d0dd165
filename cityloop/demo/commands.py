"""``cityloop demo``: the whole loop on one machine, for people and for machines."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cityloop.stack.intake_option import INTAKE_OPTION

if TYPE_CHECKING:
    from rich.console import Console

    from cityloop.demo.run import DemoResult

__all__ = ["last_word", "main"]


@click.command()
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(10.0, 3600.0),
    default=60.0,
    show_default=True,
    help="Real seconds that the storm's twelve minutes take.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the storm.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Leave everything that the parts wrote in this new folder.",
)
@INTAKE_OPTION
def main(seconds: float, seed: int, intake: str, *, as_json: bool, keep: Path | None) -> None:
    """Run the whole loop here: a storm, a camera, rules, cases.

    Starts hub, simulated sensors, an edge box with a drawn street camera, gateway and API as
    processes on loopback, tells what happens, and stops them all. An operator takes the first
    water case through its seven steps. Exit status 1 when anything was lost or done twice.
    """
    from rich.console import Console  # noqa: PLC0415 - --help stays quick

    from cityloop.errors import StackError  # noqa: PLC0415 - as above

    # a terminal wraps by itself; what goes to a file stays one line a fact
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise click.UsageError(f"--keep {keep}: is not empty; name a new folder")
    folder = Path(tempfile.mkdtemp(prefix="cityloop-demo-")) if keep is None else keep
    folder.mkdir(parents=True, exist_ok=True)
    try:
        result = _run(console, folder, seconds, seed, intake)
    except StackError as error:
        # the logs are what helps then: they stay
        console.print(f"Error: {error}\neverything that was written is in {folder}", markup=False)
        sys.exit(2)
    except KeyboardInterrupt:
        _forget(folder, keep)
        raise
    _forget(folder, keep)
    if as_json:
        import msgspec  # noqa: PLC0415 - as above

        click.echo(msgspec.json.encode(result).decode())
    else:
        _summarise(console, result, keep)
    sys.exit(1 if result.lost or result.duplicates else 0)


def _forget(folder: Path, keep: Path | None) -> None:
    """Take what was written away, unless somebody wants to keep it."""
    if keep is None:
        shutil.rmtree(folder, ignore_errors=True)


def _run(console: "Console", folder: Path, seconds: float, seed: int, intake: str) -> "DemoResult":
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    from cityloop.demo.run import run_demo  # noqa: PLC0415 - pulls in every part
    from cityloop.demo.story import Story  # noqa: PLC0415
    from cityloop.stack.api_client import Change  # noqa: PLC0415

    story = Story()
    columns = (TextColumn("[blue]storm 暴雨"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("storm", total=1.0)

        def heard(change: Change) -> None:
            sentence = story.tell(change)
            if sentence is not None:
                console.print(sentence)

        return run_demo(
            folder=folder,
            seconds=seconds,
            seed=seed,
            intake=intake,
            say=lambda text: console.print(f"[dim]{text}[/dim]"),
            heard=heard,
            tick=lambda share: progress.update(task, completed=share),
        )


def _summarise(console: "Console", result: "DemoResult", keep: Path | None) -> None:
    from rich.table import Table  # noqa: PLC0415 - --help stays quick

    table = Table(title="what came of it", show_header=False)
    rows = {
        "messages enqueued by boxes": result.messages,
        "readings 读数": result.readings,
        "observations 观察": result.observations,
        "events 事件": result.events,
        "cases 案件": result.cases,
        "lost": result.lost,
        "done twice": result.duplicates,
        "reading → event, median": f"{result.reading_to_event_ms_p50} ms",
        "reading → event, 99 %": f"{result.reading_to_event_ms_p99} ms",
        "case taken through all seven steps": result.closed_case or "none",
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    console.print(table)
    console.print(last_word(result))
    if keep is not None:
        console.print(
            f"everything is in {keep}; `cityloop explain EVENT --config {keep}/gateway.yaml`"
        )


def last_word(result: "DemoResult") -> str:
    """Return in one sentence, in rich markup, whether the demonstration went well, and what to do next."""
    if result.lost or result.duplicates:
        return (
            f"[bold red]✗ lost: {result.lost}, done twice: {result.duplicates}.[/bold red] "
            "That must not be: run it again with --keep DIR, and please report it with what is in DIR."
        )
    closed = (
        f"case {result.closed_case} went through all seven steps"
        if result.closed_case
        else "no case came through all seven steps in that time: a busy machine needs a longer storm (--for 180)"
    )
    return (
        f"[bold green]✓ nothing was lost and nothing done twice[/bold green]; {closed}.\n"
        "next: `cityloop up` keeps hub, gateway, API and console running; README.md says where to begin"
    )
