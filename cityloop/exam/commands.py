"""``cityloop exam``: put the whole stack to the question."""

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from cityloop.exam.crosscheck import CrossCheck
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
    "--detector",
    type=click.Choice(["trained", "scripted", "background"]),
    default=None,
    help="What looks at the pictures of drawn cameras; default what the scenario says.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=None,
    help="Sittings at a time; default as many as there are cores.",
)
@click.option(
    "--processes",
    is_flag=True,
    help="Run the sensors once more with real processes on a scaled clock, and compare.",
)
@click.option(
    "--speed",
    type=click.FloatRange(1.0, 3600.0),
    default=60.0,
    show_default=True,
    help="With --processes: scenario time per real time.",
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
@click.option(
    "--min-recall",
    type=click.FloatRange(0.0, 1.0),
    default=0.98,
    show_default=True,
    help="Least share of true incidents that must be found; below it the exam ends with 1.",
)
@click.option(
    "--min-precision",
    type=click.FloatRange(0.0, 1.0),
    default=0.95,
    show_default=True,
    help="Least share of what is told that must be true; below it the exam ends with 1.",
)
def main(
    names: tuple[str, ...],
    seeds: tuple[int, ...],
    quick: bool,
    surge: float,
    packs: tuple[str, ...],
    detector: str | None,
    jobs: int | None,
    processes: bool,
    speed: float,
    as_json: bool,
    html: Path | None,
    junit: Path | None,
    min_recall: float,
    min_precision: float,
) -> None:
    """Run scenarios through the real gateway and API and score what they notice.

    Exits 1 when recall or precision is too low, the quiet week raises an alarm, or anything is lost
    or duplicated.

    \b
    Examples:
      cityloop exam --quick
      cityloop exam --scenario rainstorm --seed 1 --seed 2 --html report.html
      cityloop exam --scenario my-district.yaml --pack mine.yaml --junit exam.xml
    """
    import httpx  # noqa: PLC0415 - keeps --help quick

    from cityloop.errors import StackError  # noqa: PLC0415
    from cityloop.exam.report_page import report_page  # noqa: PLC0415
    from cityloop.exam.score import score  # noqa: PLC0415
    from cityloop.exam.verdict import failures, junit_xml  # noqa: PLC0415
    from runtime.errors import RuntimeFault  # noqa: PLC0415
    from runtime.logging import configure_logging  # noqa: PLC0415
    from simulators.errors import SimulatorError  # noqa: PLC0415

    configure_logging("exam", "warning", to_stderr=True)
    try:
        papers = _papers(
            names,
            seeds,
            packs,
            quick=quick,
            surge=surge,
            detector=detector,
            jobs=jobs or os.cpu_count() or 1,
        )
        checks = _crosschecks(papers, packs, speed) if processes else []
    except (SimulatorError, StackError, RuntimeFault, httpx.HTTPError) as error:
        raise click.ClickException(str(error)) from error
    total = score(papers)
    if html is not None:
        html.write_text(report_page(papers, total), encoding="utf-8")
    if junit is not None:
        junit.write_text(junit_xml(papers, min_recall, min_precision), encoding="utf-8")
    wrong = failures(total, min_recall, min_precision)
    wrong += [
        f"{name}: real processes said {len(one.only_processes)} other things and left out "
        f"{len(one.only_virtual)}: expected the same"
        for name, one in checks
        if not one.agrees
    ]
    if as_json:
        _print_json(papers, total, checks)
    else:
        _print_table(papers, total)
        for name, check in checks:
            click.echo(f"{name} with real processes: {check.same} statements the same")
            for said in (*check.only_virtual, *check.only_processes):
                side = "virtual time" if said in check.only_virtual else "real processes"
                click.echo(f"  only in {side}: {' '.join(map(str, said))}")
        for reason in wrong:
            click.echo(f"failed: {reason}", err=True)
    sys.exit(1 if wrong else 0)


def _papers(
    names: tuple[str, ...],
    seeds: tuple[int, ...],
    packs: tuple[str, ...],
    *,
    quick: bool,
    surge: float,
    detector: str | None,
    jobs: int,
) -> "list[Paper]":
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from cityloop.exam.chosen_detector import DetectorChoice  # noqa: PLC0415
    from cityloop.exam.sittings import Seat, sit_all, sit_one  # noqa: PLC0415
    from simulators.city.city_document import load_city, scenario_names  # noqa: PLC0415

    wanted = [one for name in names for one in (scenario_names() if name == "all" else (name,))]
    seats = [
        Seat(
            scenario=name,
            seed=seed,
            surge=surge,
            quick=quick,
            packs=packs,
            detector=None if detector is None else DetectorChoice(detector),
        )
        for name in wanted
        for seed in seeds
    ]
    # what is wrong with a scenario is said before the first one is sat
    cities = [load_city(seat.scenario, seat.seed, surge=surge) for seat in seats]
    with Progress(transient=True, console=Console(stderr=True)) as progress:
        if len(seats) == 1:
            total_s = cities[0].quick_s if quick else cities[0].lasts_s
            task = progress.add_task(f"{cities[0].name}, seed {seeds[0]}", total=total_s)
            return [sit_one(seats[0], partial(_advance, progress, task))]
        task = progress.add_task(f"{len(seats)} sittings", total=len(seats))
        return sit_all(seats, jobs, lambda _: progress.advance(task))


def _advance(progress: "Progress", task: "TaskID", at_s: float) -> None:
    progress.update(task, completed=at_s)


def _crosschecks(
    papers: "list[Paper]", packs: tuple[str, ...], speed: float
) -> "list[tuple[str, CrossCheck]]":
    """Return, by sitting, how real processes compare with virtual time."""
    import tempfile  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from cityloop.exam.crosscheck import crosscheck, said_of  # noqa: PLC0415
    from cityloop.exam.processes import sit_in_processes  # noqa: PLC0415

    found = []
    with Progress(transient=True, console=Console(stderr=True)) as progress:
        for paper in papers:
            city, until_s = paper.sitting.city, paper.sitting.until_s
            task = progress.add_task(f"{city.name}, real processes", total=until_s)
            with tempfile.TemporaryDirectory() as folder:
                events, _ = sit_in_processes(
                    city,
                    Path(folder),
                    speed=speed,
                    packs=packs,
                    until_s=until_s,
                    progress=partial(_advance, progress, task),
                )
            real = said_of(events, city.start, until_s)
            found.append((f"{city.name}[{city.seed}]", crosscheck(paper.sitting.said, real)))
    return found


def _print_json(
    papers: "list[Paper]", total: "Score", checks: "list[tuple[str, CrossCheck]]"
) -> None:
    import msgspec  # noqa: PLC0415

    from cityloop.exam.score import score  # noqa: PLC0415

    for paper in papers:
        city = paper.sitting.city
        line = {"scenario": city.name, "seed": city.seed} | msgspec.to_builtins(score([paper]))
        click.echo(msgspec.json.encode(line))
    for name, check in checks:
        line = {"processes": name, "agrees": check.agrees} | msgspec.to_builtins(check)
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
