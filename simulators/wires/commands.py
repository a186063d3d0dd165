"""Command that serves a scenario's sensors on real wires."""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from simulators.duration import parse_duration

if TYPE_CHECKING:
    from runtime.session import Session
    from simulators.wires.board import Board
    from simulators.wires.course import Course
    from simulators.wires.service import Wire

__all__ = ["serve"]

_CITY_OR_STORM = "rainstorm"


def _address(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[str, int] | None:
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise click.BadParameter(f"{value!r}: expected host:port", ctx=ctx, param=param)
    return host, int(port)


def _seconds(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx=ctx, param=param) from error


@click.command()
@click.argument("name", default=_CITY_OR_STORM)
@click.option("--modbus", metavar="HOST:PORT", callback=_address, help="Serve Modbus TCP there.")
@click.option("--http", metavar="HOST:PORT", callback=_address, help="Serve HTTP with JSON there.")
@click.option(
    "--token-env", help="With --http: variable with the bearer token that must be shown there."
)
@click.option("--uplinks", metavar="URL", help="Publish ChirpStack uplinks to mqtt://host:port.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Equal seeds give equal readings.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0.001, 86_400.0),
    default=1.0,
    show_default=True,
    help="Event time per real time.",
)
@click.option(
    "--for",
    "for_s",
    metavar="DURATION",
    callback=_seconds,
    help="Real time to run, like 60s; default: to the scenario's end.",
)
@click.option(
    "--edge-config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the sensors section of an edge.yaml that reads all this.",
)
def serve(
    name: str,
    modbus: tuple[str, int] | None,
    http: tuple[str, int] | None,
    token_env: str | None,
    uplinks: str | None,
    seed: int,
    speed: float,
    for_s: float | None,
    edge_config: Path | None,
) -> None:
    """Serve the sensors of the scenario NAME on real wires, for drivers to read.

    Exit codes: 0 the scenario or the time is over, or it was told to stop; 1 it cannot be served.
    """
    from runtime.clock import ClockConfig, build_clock  # noqa: PLC0415 - keeps --help quick
    from runtime.errors import RuntimeFault  # noqa: PLC0415
    from runtime.logging import configure_logging  # noqa: PLC0415
    from runtime.process import stop_on_signals  # noqa: PLC0415
    from simulators.errors import SimulatorError  # noqa: PLC0415
    from simulators.wires.board import Board  # noqa: PLC0415
    from simulators.wires.edge_section import edge_section  # noqa: PLC0415
    from simulators.wires.service import WireService  # noqa: PLC0415

    if modbus is None and http is None and uplinks is None:
        raise click.UsageError("give at least one of --modbus, --http and --uplinks")
    configure_logging("simulators", "warning")
    try:
        course = _course(name, seed)
        board = Board(course.sensors)
        wires = _wires(board, modbus, http, token_env, uplinks)
        if edge_config is not None:
            broker = urlsplit(uplinks) if uplinks else None
            section = edge_section(
                board,
                modbus=modbus,
                http=http,
                token_env=token_env,
                broker=None if broker is None else (broker.hostname or "", broker.port or 1883),
            )
            edge_config.write_text(section, encoding="utf-8")
        clock = build_clock(ClockConfig(scale=speed))
        begins = clock.now()
        service = WireService(course, board, wires, begins)
        with stop_on_signals() as stop:
            service.start()
            try:
                click.echo(f"{name}: {len(board.sensors)} sensors are served", err=True)
                until = None if for_s is None else begins + timedelta(seconds=for_s * speed)
                service.run(clock, stop, until=until)
            finally:
                service.close()
    except (SimulatorError, RuntimeFault, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name}: {service.measured} measurements were shown", err=True)


def _course(name: str, seed: int) -> "Course":
    from simulators.wires.course import CityCourse, StormCourse  # noqa: PLC0415

    if name == _CITY_OR_STORM:
        from simulators.scenario import build_scenario  # noqa: PLC0415

        return StormCourse(build_scenario(name, seed))
    from simulators.city.city_document import load_city  # noqa: PLC0415

    return CityCourse(load_city(name, seed))


def _wires(
    board: "Board",
    modbus: tuple[str, int] | None,
    http: tuple[str, int] | None,
    token_env: str | None,
    uplinks: str | None,
) -> "list[Wire]":
    wires: list[Wire] = []
    if modbus is not None:
        from simulators.wires.modbus_server import ModbusSensors  # noqa: PLC0415

        wires.append(ModbusSensors(board, *modbus))
    if http is not None:
        from simulators.wires.http_server import HttpSensors  # noqa: PLC0415

        token = os.environ.get(token_env) if token_env else None
        if token_env and not token:
            raise click.ClickException(f"environment variable {token_env} is not set")
        wires.append(HttpSensors(board, *http, token=token))
    if uplinks is not None:
        from simulators.wires.chirpstack import ChirpstackUplinks  # noqa: PLC0415

        wires.append(ChirpstackUplinks(board, _session(uplinks)))
    return wires


def _session(url: str) -> "Session":
    from runtime.mqtt_session import MqttConfig, MqttSession  # noqa: PLC0415

    parts = urlsplit(url)
    if parts.scheme != "mqtt" or not parts.hostname or parts.password is not None:
        raise click.BadParameter(f"{url!r}: expected mqtt://host:port", param_hint="--uplinks")
    return MqttSession(
        MqttConfig(
            host=parts.hostname,
            port=parts.port or 1883,
            client_id="cityloop-sim-chirpstack",
            username=parts.username,
        )
    )
