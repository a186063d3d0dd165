"""``cityloop exam``: put the whole stack to the question."""

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from cityloop.exam.score import Paper, Score

__all__ = ["main"]

_SEED = click.IntRange(0)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--scenario",
    "names",
    multiple=True,
    default=("all",),
    show_default=True,
    help="A shipped scenario's name, a file of your own, or all; may be given again.",
)
@click.option(
    "--seed",
    "seeds",
    type=_SEED,
    multiple=True,
    default=(1,),
    show_default=True,
    help="Equal seeds give equal cities; may be given again.",
)
@click.option("--quick", is_flag=True, help="Only the beginning of each scenario.")
@click.option(
    "--surge",
    type=click.FloatRange(1.0, 10.0),
    default=1.0,
    show_default=True,
    help="So many times the sensors, incidents and faults.",
)
@click.option(
    "--pack",
    "packs",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="A rule pack to be examined in place of the scenario's; may be given again.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the score as JSON; the last line has it all."
)
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a report with pictures."
)
@click.option(
    "--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML for a CI."
)
@click.option("--min-recall", type=click.FloatRange(0.0, 1.0), default=0.98, show_default=True)
@click.option("--min-precision", type=click.FloatRange(0.0, 1.0), default=0.95, show_default=True)
def main(
    names: tuple[str, ...],
    seeds: tuple[int, ...],
    quick: bool,
    surge: float,
    packs: tuple[str, ...],
    as_json: bool,
    html: Path | None,
    junit: Path | None,
    min_recall: float,
    min_precision: float,
) -> None:
    """Run scenarios through the real gateway and API and score what they notice.

    Exits 1 when recall or precision is too low, the quiet week raises an alarm, or anything is lost
    or duplicated.
    """
    from cityloop.errors import StackError  # noqa: PLC0415 - keeps --help quick
    from cityloop.exam.report_page import report_page  # noqa: PLC0415
    from cityloop.exam.score import score  # noqa: PLC0415
    from cityloop.exam.verdict import failures, junit_xml  # noqa: PLC0415
    from runtime.errors import RuntimeFault  # noqa: PLC0415
    from runtime.logging import configure_logging  # noqa: PLC0415
    from simulators.errors import SimulatorError  # noqa: PLC0415

    configure_logging("exam", "warning")
    try:
        papers = _papers(names, seeds, packs, quick=quick, surge=surge)
    except (SimulatorError, StackError, RuntimeFault) as error:
        raise click.ClickException(str(error)) from error
    total = score(papers)
    if html is not None:
        html.write_text(report_page(papers, total), encoding="utf-8")
    if junit is not None:
        junit.write_text(junit_xml(papers, min_recall, min_precision), encoding="utf-8")
    wrong = failures(total, min_recall, min_precision)
    if as_json:
        _print_json(papers, total)
    else:
        _print_table(papers, total)
        for one in wrong:
            click.echo(f"failed: {one}", err=True)
    sys.exit(1 if wrong else 0)


def _papers(
    names: tuple[str, ...],
    seeds: tuple[int, ...],
    packs: tuple[str, ...],
    *,
    quick: bool,
    surge: float,
) -> "list[Paper]":
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from cityloop.exam.marking import mark  # noqa: PLC0415
    from cityloop.exam.score import Paper  # noqa: PLC0415
    from cityloop.exam.sitting import sit  # noqa: PLC0415
    from simulators.city.city_document import load_city, scenario_names  # noqa: PLC0415

    wanted = [one for name in names for one in (scenario_names() if name == "all" else (name,))]
    cities = [load_city(name, seed, surge=surge) for name in wanted for seed in seeds]
    papers = []
    with Progress(transient=True, console=Console(stderr=True)) as progress:
        for city in cities:
            until_s = city.quick_s if quick else city.lasts_s
            task = progress.add_task(f"{city.name}, seed {city.seed}", total=until_s)
            with tempfile.TemporaryDirectory(dir=_memory_disk()) as folder:
                sitting = sit(
                    city,
                    Path(folder),
                    packs=packs,
                    until_s=until_s,
                    progress=partial(_advance, progress, task),
                )
            papers.append(
                Paper(sitting, mark(city, sitting.incidents, sitting.episodes, sitting.until_s))
            )
    return papers


def _advance(progress: "Progress", task: "TaskID", at_s: float) -> None:
    progress.update(task, completed=at_s)


def _memory_disk() -> str | None:
    """Return a folder in memory where there is one; nothing of an exam has to outlive it."""
    shared = Path("/dev/shm")  # noqa: S108 - a fresh folder of our own is made in it
    return str(shared) if shared.is_dir() else None


def _print_json(papers: "list[Paper]", total: "Score") -> None:
    import msgspec  # noqa: PLC0415

    from cityloop.exam.score import score  # noqa: PLC0415

    for paper in papers:
        city = paper.sitting.city
        line = {"scenario": city.name, "seed": city.seed} | msgspec.to_builtins(score([paper]))
        click.echo(msgspec.json.encode(line))
    click.echo(msgspec.json.encode(total))


def _print_table(papers: "list[Paper]", total: "Score") -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from cityloop.exam.score import score  # noqa: PLC0415

    table = Table(title="Exam 考核")
    for name in (
        "scenario",
        "seed",
        "incidents",
        "recall",
        "precision",
        "false",
        "faults",
        "lost",
        "twice",
        "late s",
        "wall s",
    ):
        table.add_column(name, justify="left" if name == "scenario" else "right")
    for paper in papers:
        one, city = score([paper]), paper.sitting.city
        late = [
            kind.late_s_median for kind in one.classes.values() if kind.late_s_median is not None
        ]
        table.add_row(
            city.name,
            str(city.seed),
            str(one.incidents),
            _shown(one.recall),
            _shown(one.precision),
            str(one.false_alarms),
            _shown(one.fault_recall),
            str(one.lost),
            str(one.duplicates),
            _shown(max(late) if late else None),
            f"{one.wall_s:.1f}",
        )
    table.add_section()
    table.add_row(
        "all",
        "",
        str(total.incidents),
        _shown(total.recall),
        _shown(total.precision),
        str(total.false_alarms),
        _shown(total.fault_recall),
        str(total.lost),
        str(total.duplicates),
        "",
        f"{total.wall_s:.1f}",
    )
    Console(width=110).print(table)
    click.echo(f"digest {total.digest}")


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
