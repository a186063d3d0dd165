"""Command line of the simulators."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from simulators.city.commands import check_city, list_scenarios, record, run_city
from simulators.duration import parse_duration
from simulators.load.commands import load
from simulators.scene.commands import camera, scene, shots
from simulators.wires.commands import serve

if TYPE_CHECKING:
    from simulators.config import SimulatorConfig

__all__ = ["main"]


def _seconds(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx=ctx, param=param) from error


_SEED = click.IntRange(0)
_scenario = click.option("--scenario", default=None, help="Name of the scenario: rainstorm.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cityloop")
def main() -> None:
    """A simulated city: sensors in a rainstorm, and a drawn street camera.

    \b
    Examples:
      cityloop sim list
      cityloop sim run rainstorm --broker mqtt://127.0.0.1:1883 --for 60s --speed 10
      cityloop sim scene street-night night.mp4 --coco labels.json
      cityloop sim serve rainstorm --modbus 127.0.0.1:5020
    """


def _config_of_broker(url: str, box: str, password_env: str | None) -> "SimulatorConfig":
    from simulators.broker_address import broker_of  # noqa: PLC0415 - keeps --help quick
    from simulators.config import BoxConfig, Delivery, SimulatorConfig  # noqa: PLC0415

    return SimulatorConfig(
        boxes=(
            BoxConfig(
                box=box,
                mqtt=broker_of(url, f"cityloop-{box}", password_env),
            ),
        ),
        delivery=Delivery.BROKER,
    )


def _load(path: Path) -> "SimulatorConfig":
    from runtime.errors import ConfigError  # noqa: PLC0415
    from runtime.yaml_document import load_config  # noqa: PLC0415
    from simulators.config import SimulatorConfig  # noqa: PLC0415

    try:
        return load_config(path, SimulatorConfig)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


def _changed(config: "SimulatorConfig", **changes: object) -> "SimulatorConfig":
    return msgspec.structs.replace(
        config, **{name: value for name, value in changes.items() if value is not None}
    )


@main.command()
@click.argument("name", required=False)
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="A sim.yaml.")
@click.option("--broker", help="Instead of --config: mqtt://[user@]host:port; needs no gateway.")
@click.option("--box", default="sim-1", show_default=True, help="With --broker: the box's id.")
@click.option("--password-env", help="With --broker: environment variable with the password.")
@_scenario
@click.option("--seed", type=_SEED, help="Equal seeds give equal readings; default 1.")
@click.option("--copies", type=click.IntRange(1, 10_000), help="The fleet so many times, for load.")
@click.option(
    "--for",
    "for_s",
    metavar="DURATION",
    callback=_seconds,
    help="Real time to run, like 60s; default: no end.",
)
@click.option(
    "--speed", type=click.FloatRange(0.001, 86_400.0), help="Event time per real time; default 1."
)
@click.option(
    "--drain",
    "drain_s",
    metavar="DURATION",
    callback=_seconds,
    default="15s",
    show_default=True,
    help="Most real time to wait at the end for what is under way.",
)
@click.option("--ledger", help="File for the ledger of everything that was sent.")
@click.option("--json", "as_json", is_flag=True, help="Print the ledger's sums as the last line.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="Least grave facts to log.",
)
def run(
    name: str | None,
    config_path: Path | None,
    broker: str | None,
    box: str,
    password_env: str | None,
    scenario: str | None,
    seed: int | None,
    copies: int | None,
    for_s: float | None,
    speed: float | None,
    drain_s: float,
    ledger: str | None,
    as_json: bool,
    log_level: str,
) -> None:
    """Publish the scenario NAME (see `list`), or one of your own by its file, to a broker.

    With --config the readings wait in an outbox until a gateway has journalled them; with --broker
    they are handed to any MQTT 3.1.1 broker. Options given here go before the file's.

    Exits 1 when messages were left undelivered, except when told to stop with an outbox to keep
    them for the next start.
    """
    if (config_path is None) == (broker is None):
        raise click.UsageError("give either --config FILE or --broker URL")
    scenario = scenario or name
    if broker is not None and scenario not in {None, "rainstorm"}:
        run_city(
            scenario or "",
            _config_of_broker(broker, box, password_env),
            seed=1 if seed is None else seed,
            surge=float(copies or 1),
            for_s=for_s,
            speed=speed or 1.0,
            drain_s=drain_s,
            as_json=as_json,
            log_level=log_level,
        )
        return
    config = (
        _load(config_path) if config_path else _config_of_broker(broker or "", box, password_env)
    )

    from runtime.clock import ClockConfig, build_clock  # noqa: PLC0415
    from runtime.errors import RuntimeFault  # noqa: PLC0415
    from runtime.logging import configure_logging  # noqa: PLC0415
    from runtime.process import stop_on_signals  # noqa: PLC0415
    from simulators.bootstrap import build  # noqa: PLC0415
    from simulators.config import Delivery  # noqa: PLC0415
    from simulators.errors import SimulatorError  # noqa: PLC0415
    from simulators.run import run_service  # noqa: PLC0415

    config = _changed(
        config,
        scenario=scenario,
        seed=seed,
        copies=copies,
        ledger=ledger,
        clock=ClockConfig(scale=speed) if speed is not None else None,
    )
    configure_logging("simulators", log_level)
    clock = build_clock(config.clock)
    try:
        service = build(config, clock)
    except (SimulatorError, RuntimeFault) as error:
        raise click.ClickException(str(error)) from error
    try:
        with stop_on_signals() as stop:
            books = run_service(
                service,
                clock,
                stop,
                for_s=for_s,
                drain_s=drain_s,
                ledger_path=Path(config.ledger) if config.ledger else None,
            )
    except RuntimeFault as error:
        raise click.ClickException(str(error)) from error
    undelivered = service.backlog
    if as_json:
        sums = {
            "enqueued": books.enqueued,
            "undelivered": undelivered,
            "dropped": books.dropped,
            "elapsed_s": round(books.elapsed_s, 3),
            "expected_events": len(books.expected_events or ()),
        }
        click.echo(msgspec.json.encode(sums))
    kept = config.delivery is Delivery.GATEWAY and bool(stop)
    if books.dropped or (undelivered and not kept):
        sys.exit(1)


@main.command()
@click.argument("scenarios", nargs=-1, type=click.Path(path_type=Path))
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="A sim.yaml.")
def check(scenarios: tuple[Path, ...], config_path: Path | None) -> None:
    """Check SCENARIOS (files or names), or a configuration, and say what would be simulated."""
    if not scenarios and config_path is None:
        raise click.UsageError("give scenarios, or --config FILE")
    for scenario in scenarios:
        check_city(str(scenario))
    if config_path is not None:
        _check_config(config_path)


def _check_config(config_path: Path) -> None:
    config = _load(config_path)

    from simulators.bootstrap import scenario_of  # noqa: PLC0415
    from simulators.errors import ScenarioError  # noqa: PLC0415

    try:
        scenario = scenario_of(config)
    except ScenarioError as error:
        raise click.ClickException(f"{config_path}: {error}") from error
    for box in config.boxes:
        secret = box.mqtt.password_env
        if secret is not None and not os.environ.get(secret):
            click.echo(f"warning: environment variable {secret} is not set", err=True)
    rate = sum(1.0 / subject.cadence_s for subject in scenario.subjects)
    click.echo(
        f"{config_path}: ok: {scenario.name}, seed {scenario.seed}, {len(scenario.subjects)} sensors "
        f"in {len(config.boxes)} boxes, {rate:.1f} readings/s of event time"
    )


@main.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@_scenario
@click.option("--seed", type=_SEED, default=1, show_default=True, help="Of the traffic.")
@click.option(
    "--seconds",
    type=click.FloatRange(1.0, 3600.0),
    default=60.0,
    show_default=True,
    help="How long the clip is.",
)
@click.option(
    "--fps", type=click.IntRange(1, 60), default=10, show_default=True, help="Frames a second."
)
def clip(out: Path, scenario: str | None, seed: int, seconds: float, fps: int) -> None:
    """Draw the street camera into the video file OUT (.mp4)."""
    from rich.progress import Progress  # noqa: PLC0415

    from simulators.clip import write_clip  # noqa: PLC0415
    from simulators.errors import SimulatorError  # noqa: PLC0415
    from simulators.street_scene import StreetScene  # noqa: PLC0415

    _known_scenario(scenario)
    scene = StreetScene(seed, seconds)
    try:
        with Progress(transient=True) as progress:
            task = progress.add_task("drawing", total=None)
            written = write_clip(
                scene,
                out,
                fps=fps,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
    except SimulatorError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{written.path}: {written.frames} frames at {written.fps} fps, {written.encoder}")


def _known_scenario(name: str | None) -> str:
    from simulators.scenario import SCENARIOS  # noqa: PLC0415

    if name is not None and name not in SCENARIOS:
        raise click.ClickException(
            f"scenario {name!r} is unknown: expected one of {', '.join(SCENARIOS)}"
        )
    return name or SCENARIOS[0]


@main.command()
@_scenario
@click.option(
    "--seed", type=_SEED, default=1, show_default=True, help="Of the storm and the traffic."
)
@click.option(
    "--until",
    "until_s",
    metavar="DURATION",
    callback=_seconds,
    help="Event time to look at; default: all.",
)
@click.option("--seconds", type=click.FloatRange(1.0, 3600.0), default=60.0, help="Of the clip.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def truth(
    scenario: str | None, seed: int, until_s: float | None, seconds: float, as_json: bool
) -> None:
    """Tell what must be found: events of the storm, crossings and stays of the clip."""
    from simulators.scenario import build_scenario  # noqa: PLC0415
    from simulators.street_traffic import draw_traffic  # noqa: PLC0415
    from simulators.street_truth import street_truth  # noqa: PLC0415
    from simulators.truth import expected_events  # noqa: PLC0415

    built = build_scenario(_known_scenario(scenario), seed)
    events = expected_events(built, until_s=until_s)
    street = street_truth(draw_traffic(seed, seconds), seconds)
    if as_json:
        click.echo(
            msgspec.json.encode(
                {
                    "scenario": built.name,
                    "seed": built.seed,
                    "expected_events": events,
                    "street": street,
                }
            )
        )
        return
    for event in events:
        course = ", ".join(
            f"{change.level or 'end'} at {change.at_s:g} s" for change in event.changes
        )
        click.echo(f"{event.subject}: since {event.onset_s:g} s, {course}")
    click.echo(f"street: {street.forward} forward, {street.backward} backward over the line")
    for stay in street.stays:
        click.echo(f"street: vehicle {stay.vehicle} on the fire lane for {stay.dwell_s:.1f} s")


main.add_command(list_scenarios)
main.add_command(record)
main.add_command(scene)
main.add_command(shots)
main.add_command(camera)
main.add_command(load)
main.add_command(serve)

if __name__ == "__main__":
    main(prog_name="python -m simulators")
