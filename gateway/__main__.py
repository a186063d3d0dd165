"""Command line of the gateway: ``python -m gateway``."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.config_option import CONFIG, JSON, load_gateway_config
from gateway.dead_commands import dead, replay_dead
from gateway.foreign.commands import map_message
from gateway.plot_command import plot
from gateway.state_commands import back_up_state, list_orders, restore_state, verify_backup
from gateway.telemetry.commands import export
from gateway.top.command import top

if TYPE_CHECKING:
    from gateway.explain import Explanation

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Turn a district's messages into events: intake, journal, rules, delivery.

    \b
    Examples:
      cityloop gateway config --config gateway.yaml --check
      cityloop gateway run --config gateway.yaml
      cityloop gateway top --config gateway.yaml
      cityloop gateway dead list --config gateway.yaml
    """


@main.command()
@CONFIG
def run(config_path: Path) -> None:
    """Run until SIGTERM or SIGINT. Exit codes: 0 stopped, 2 bad configuration, 1 anything else."""
    import structlog  # noqa: PLC0415

    from gateway.bootstrap import build  # noqa: PLC0415
    from gateway.errors import GatewayError  # noqa: PLC0415
    from gateway.metrics import render  # noqa: PLC0415
    from gateway.metrics_server import MetricsServer  # noqa: PLC0415
    from gateway.read_bootstrap import read_api  # noqa: PLC0415
    from runtime.errors import RuntimeFault  # noqa: PLC0415
    from runtime.logging import configure_logging  # noqa: PLC0415
    from runtime.process import stop_on_signals  # noqa: PLC0415

    config = load_gateway_config(config_path)
    configure_logging("gateway", config.log_level)
    try:
        with ExitStack() as stack:
            stop = stack.enter_context(stop_on_signals())
            gateway = build(config)
            stack.callback(gateway.close)
            if config.metrics is not None:
                server = MetricsServer(
                    config.metrics.host,
                    config.metrics.port,
                    lambda: render(gateway),
                    gateway.health,
                    {"/devices": gateway.devices, "/suppressed": gateway.suppressed},
                    read_api(config, gateway).answer,
                )
                server.start()
                stack.callback(server.close)
                structlog.get_logger().info("metrics_served", port=server.port)
            gateway.run(lambda: bool(stop))
    except (GatewayError, RuntimeFault, OSError) as error:
        click.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(1)


@main.command("config")
@CONFIG
@click.option(
    "--check", is_flag=True, help="Only say whether the configuration and its packs are valid."
)
def show_config(config_path: Path, *, check: bool) -> None:
    """Print the configuration with its defaults, or check it. Exit code 2: it is not valid."""
    import msgspec  # noqa: PLC0415

    from gateway.foreign.sources import ForeignFiles, compile_sources  # noqa: PLC0415
    from gateway.rule_packs import PackFiles, compile_packs  # noqa: PLC0415
    from runtime.errors import ConfigError  # noqa: PLC0415

    config = load_gateway_config(config_path)
    try:
        packs = compile_packs(PackFiles([Path(path) for path in config.rules.paths]).read())
        foreign = compile_sources(
            ForeignFiles(config.foreign.mappings, config.foreign.devices).read()
        )
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    if check:
        rules = sum(len(pack.rules) for pack in packs)
        click.echo(
            f"{config_path}: valid; {len(packs)} packs, {rules} rules, "
            f"{len(foreign.mappings)} foreign mappings, {len(foreign.devices)} foreign devices"
        )
    else:
        click.echo(msgspec.json.format(msgspec.json.encode(config), indent=2).decode())


@main.command("explain")
@click.argument("event_id")
@CONFIG
@JSON
def explain_event(event_id: str, config_path: Path, *, as_json: bool) -> None:
    """Tell why EVENT_ID was raised. Works beside a running gateway. Exit code 1: not found."""
    import msgspec  # noqa: PLC0415

    from gateway.bootstrap import StatePaths  # noqa: PLC0415
    from gateway.errors import EventNotFoundError  # noqa: PLC0415
    from gateway.explain import explain  # noqa: PLC0415
    from gateway.rule_packs import PackFiles  # noqa: PLC0415
    from runtime.errors import ConfigError  # noqa: PLC0415

    config = load_gateway_config(config_path)
    paths = StatePaths(config.state_dir)
    try:
        explanation = explain(
            event_id,
            outbox=paths.outbox,
            journal=paths.journal,
            default_district=config.districts[0],
            skew_s=config.intake.skew_s,
            late_s=config.intake.late_s,
            packs=PackFiles([Path(path) for path in config.rules.paths]).read(),
        )
    except (ConfigError, EventNotFoundError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    if as_json:
        click.echo(msgspec.json.encode(explanation).decode())
    else:
        _tell(explanation)


def _tell(explanation: "Explanation") -> None:
    """Print an explanation for people."""
    click.echo(f"{explanation.title_zh}  {explanation.title_en}")
    click.echo(f"event {explanation.event_id}  {explanation.event_type}")
    click.echo(f"rule {explanation.rule} version {explanation.rule_version}")
    key = ", ".join(f"{name}={value}" for name, value in explanation.key.items())
    click.echo(f"about {key} in {explanation.district}, since {explanation.onset_at.isoformat()}")
    for statement in explanation.statements:
        flags = f" [{', '.join(statement.flags)}]" if statement.flags else ""
        click.echo(
            f"\nrev {statement.rev}: {statement.phase} {statement.level} at "
            f"{statement.at.isoformat()} ({statement.delivery}){flags}"
        )
        values = ", ".join(f"{name} = {value}" for name, value in statement.values.items())
        by = "a timer, after" if statement.tick else "because"
        click.echo(f"  {by} {statement.expression}" + (f" with {values}" if values else ""))
        if statement.reason is not None:
            click.echo(f"  refused: {statement.reason}")
        deciding = statement.deciding
        if deciding is not None:
            click.echo(f"  message {deciding.offset} on {deciding.topic}")
            click.echo(
                f"  arrived {deciding.arrived_at.isoformat()}: {bytes(deciding.message).decode()[:400]}"
            )


main.add_command(map_message)


@main.command("devices")
@CONFIG
@JSON
def list_devices(config_path: Path, *, as_json: bool) -> None:
    """Tell of each box whether it is online, its clock, its gaps, its configuration.

    Asks the running gateway on its metrics port. Exit code 1: it does not answer.
    """
    import msgspec  # noqa: PLC0415

    from gateway.device_table import fetch_lines, table_of  # noqa: PLC0415
    from gateway.errors import GatewayError  # noqa: PLC0415

    config = load_gateway_config(config_path)
    if config.metrics is None or config.metrics.port == 0:
        click.echo("metrics.port is not fixed in the configuration; name one", err=True)
        sys.exit(2)
    try:
        lines = fetch_lines(f"http://{config.metrics.host}:{config.metrics.port}/devices")
    except GatewayError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    if as_json:
        click.echo(msgspec.json.encode(lines).decode())
        return
    from rich.console import Console  # noqa: PLC0415

    Console().print(table_of(lines))


for _command in (list_orders, back_up_state, verify_backup, restore_state):
    main.add_command(_command)
main.add_command(dead)
main.add_command(replay_dead)
main.add_command(export)
main.add_command(plot)
main.add_command(top)


if __name__ == "__main__":
    main()
