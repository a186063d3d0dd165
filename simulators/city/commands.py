"""Commands about city scenarios: list, check, record and publish them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from simulators.duration import parse_duration, spoken_duration

if TYPE_CHECKING:
    from simulators.city.city import City
    from simulators.config import SimulatorConfig

__all__ = ["check_city", "list_scenarios", "record", "run_city"]


def _seconds(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx=ctx, param=param) from error


def _contents(city: "City") -> str:
    """Return what there is of a city, in words; what there is none of is left out."""
    counts = {
        "sensor": sum(group.count for group in city.groups),
        "box": len(city.boxes) + bool(city.cameras),
        "camera": len(city.cameras),
        "street": len(city.streets.streets),
        "grid": len(city.streets.grids),
    }
    return ", ".join(
        f"{count} {what}{'' if count == 1 else 'es' if what == 'box' else 's'}"
        for what, count in counts.items()
        if count
    )


def _causes(city: "City") -> int:
    """Return how many things go wrong in the world: storms, happenings, and what is staged before cameras."""
    staged = [camera.setting.staging for camera in city.cameras]
    before_cameras = sum(
        len(one.stops) + len(one.strays) + len(one.things) + len(one.crowds) for one in staged
    )
    return len(city.storms) + len(city.happenings) + before_cameras


@click.command("list")
def list_scenarios() -> None:
    """List the scenarios that ship."""
    from simulators.city.city_document import load_city, scenario_names  # noqa: PLC0415

    for name in scenario_names():
        city = load_city(name, 1)
        click.echo(
            f"{name:22} {city.title.zh} {city.title.en}: {spoken_duration(city.lasts_s)}, "
            f"{_contents(city)}"
        )
    click.echo(f"{'rainstorm':22} 暴雨 The demonstration's storm: 12 minutes, 17 sensors")


@click.command()
@click.argument("name")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--truth",
    "truth_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the incidents and faults, JSON.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Equal seeds give equal cities.",
)
@click.option(
    "--until",
    "until_s",
    metavar="DURATION",
    callback=_seconds,
    help="Event time to record; default: all.",
)
def record(name: str, out: Path, truth_path: Path | None, seed: int, until_s: float | None) -> None:
    """Write the readings of the scenario NAME as SenML lines to OUT, for `cityloop rules replay`."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from simulators.city.city_document import load_city  # noqa: PLC0415
    from simulators.city.recording import record_city  # noqa: PLC0415
    from simulators.errors import SimulatorError  # noqa: PLC0415

    try:
        city = load_city(name, seed)
        with Progress(transient=True, console=Console(stderr=True)) as progress:
            task = progress.add_task(city.name, total=until_s or city.lasts_s)
            done = record_city(
                city,
                out,
                truth_path,
                until_s=until_s,
                progress=lambda at_s: progress.update(task, completed=at_s),
            )
    except (SimulatorError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{out}: {done.samples} samples in {done.lines} packs; {len(done.incidents)} incidents"
    )


def run_city(
    name: str,
    config: "SimulatorConfig",
    *,
    seed: int,
    surge: float,
    for_s: float | None,
    speed: float,
    drain_s: float,
    as_json: bool,
    log_level: str,
) -> None:
    """Publish a scenario by name or path to the broker of a configuration's first box.

    Raises:
        ClickException: no such scenario, or no session can be set up.
    """
    from runtime.errors import RuntimeFault  # noqa: PLC0415
    from runtime.logging import configure_logging  # noqa: PLC0415
    from runtime.process import stop_on_signals  # noqa: PLC0415
    from simulators.city.city_document import load_city  # noqa: PLC0415
    from simulators.city.publishing import publish_city  # noqa: PLC0415
    from simulators.errors import SimulatorError  # noqa: PLC0415

    configure_logging("simulators", log_level)
    try:
        city = load_city(name, seed, surge=surge)
        with stop_on_signals() as stop:
            done = publish_city(
                city, config.boxes[0].mqtt, stop, speed=speed, for_s=for_s, drain_s=drain_s
            )
    except (SimulatorError, RuntimeFault) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(msgspec.json.encode(done))
    else:
        click.echo(
            f"{done.samples} samples in {done.enqueued} messages, {done.elapsed_s:g} s of {city.name}"
        )
    if done.undelivered:
        click.echo(f"{done.undelivered} messages never reached the broker", err=True)
        sys.exit(1)


def check_city(name: str) -> None:
    """Check a scenario by name or path and say what it holds.

    Raises:
        ClickException: it cannot be run; with file, line and column.
    """
    from simulators.city.city_document import load_city  # noqa: PLC0415
    from simulators.errors import SimulatorError  # noqa: PLC0415

    try:
        city = load_city(name, 1)
    except SimulatorError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{name}: ok: {_contents(city)}, {spoken_duration(city.lasts_s)}, {_causes(city)} causes and "
        f"{len(city.faults)} faults with seed 1"
    )
