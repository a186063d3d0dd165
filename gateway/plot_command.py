"""``cityloop gateway plot``: a device's curve as a picture."""

import sys
from pathlib import Path

import click

from gateway.config_option import CONFIG, load_gateway_config

__all__ = ["plot"]


@click.command()
@click.argument("device")
@CONFIG
@click.option(
    "--out",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="PNG to write; default DEVICE.png.",
)
@click.option("--metric", default=None, help="Field; default the profile's first.")
@click.option("--from", "since", default=None, help="ISO 8601 with an offset; default a day back.")
@click.option("--to", "until", default=None, help="End; default now.")
@click.option("--points", default=1_000, show_default=True, help="Most values or steps.")
def plot(
    device: str,
    config_path: Path,
    target: Path | None,
    metric: str | None,
    since: str | None,
    until: str | None,
    points: int,
) -> None:
    """Draw DEVICE's values with thresholds, quality flags and events as a PNG.

    Asks the running gateway on its metrics port. Exit code 1: it does not answer, or matplotlib is
    missing; 2: its port is not fixed.
    """
    from gateway.errors import GatewayError  # noqa: PLC0415 - keeps --help fast
    from gateway.plot import draw_series, fetch_series  # noqa: PLC0415

    config = load_gateway_config(config_path).metrics
    if config is None or config.port == 0:
        click.echo("metrics.port is not fixed in the configuration; name one", err=True)
        sys.exit(2)
    key = None if config.api_key_file is None else Path(config.api_key_file).read_text().strip()
    asked = {"metric": metric, "from": since, "to": until, "points": str(points)}
    query = {name: value for name, value in asked.items() if value is not None}
    try:
        series = fetch_series(f"http://{config.host}:{config.port}", device, query, key)
        file = target or Path(f"{device}.png")
        draw_series(series, file)
    except GatewayError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except ModuleNotFoundError:
        click.echo("matplotlib is missing; install it with: pip install 'cityloop[plot]'", err=True)
        sys.exit(1)
    click.echo(
        f"{file}: {len(series.values) + len(series.steps)} points, {len(series.events)} events"
    )
