"""``cityloop gateway export``: telemetry as a file."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from gateway.config_option import CONFIG, JSON, load_gateway_config

__all__ = ["export"]


def _moment(text: str) -> int:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        msg = f"{text}: expected an offset, for example {text}+08:00"
        raise ValueError(msg)
    return round(at.timestamp() * 1_000_000)


@click.command()
@CONFIG
@JSON
@click.option(
    "--parquet",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File to write; one that is there is replaced.",
)
@click.option("--from", "since", default=None, help="ISO 8601 with an offset; default: all.")
@click.option("--to", "until", default=None, help="End, not included; default: all.")
@click.option("--device", default=None, help="Only this sensor.")
@click.option("--metric", default=None, help="Only this field.")
def export(
    config_path: Path,
    target: Path,
    since: str | None,
    until: str | None,
    device: str | None,
    metric: str | None,
    *,
    as_json: bool,
) -> None:
    """Write telemetry of the embedded store to a Parquet file, beside a running gateway.

    Exit code 1: there is no embedded store, or pyarrow is missing; 2: a wrong argument.
    """
    import msgspec  # noqa: PLC0415 - keeps --help fast
    from rich.progress import Progress, SpinnerColumn, TextColumn  # noqa: PLC0415

    from gateway.bootstrap import StatePaths  # noqa: PLC0415
    from gateway.errors import GatewayError  # noqa: PLC0415
    from gateway.telemetry.embedded import EmbeddedTelemetry  # noqa: PLC0415
    from gateway.telemetry.parquet import export_parquet  # noqa: PLC0415

    path = StatePaths(load_gateway_config(config_path).state_dir).telemetry
    if not path.exists():
        click.echo(f"{path}: no embedded telemetry store; check telemetry.store", err=True)
        sys.exit(1)
    try:
        from_us = 0 if since is None else _moment(since)
        tomorrow = datetime.now(UTC) + timedelta(days=400)
        to_us = round(tomorrow.timestamp() * 1_000_000) if until is None else _moment(until)
    except ValueError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    try:
        store = EmbeddedTelemetry(path, read_only=True)
        try:
            columns = SpinnerColumn(), TextColumn("{task.completed:,.0f} rows")
            with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as progress:
                task = progress.add_task("export", total=None)
                rows = export_parquet(
                    store,
                    target,
                    from_us=from_us,
                    to_us=to_us,
                    device=device,
                    metric=metric,
                    progress=lambda done: progress.update(task, completed=done),
                )
        finally:
            store.close()
    except ModuleNotFoundError:
        click.echo("pyarrow is missing; install it with: pip install 'cityloop[parquet]'", err=True)
        sys.exit(1)
    except (GatewayError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    if as_json:
        document = {"file": str(target), "rows": rows, "bytes": target.stat().st_size}
        click.echo(msgspec.json.encode(document).decode())
    else:
        click.echo(f"{target}: {rows:,} rows, {target.stat().st_size:,} bytes")
