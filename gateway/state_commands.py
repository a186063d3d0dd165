"""``gateway orders``, ``backup``, ``verify-backup`` and ``restore``: what lies in the state folder."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.config_option import CONFIG, JSON, load_gateway_config

__all__ = ["back_up_state", "list_orders", "restore_state", "verify_backup"]


@click.command("orders")
@CONFIG
@JSON
@click.option("--event", "event_id", help="Only those of one event.")
@click.option("--limit", default=50, show_default=True, help="Newest orders.")
def list_orders(config_path: Path, event_id: str | None, limit: int, *, as_json: bool) -> None:
    """List orders to devices, newest first, each with every step of it."""
    import msgspec  # noqa: PLC0415 - keeps --help fast

    from gateway.bootstrap import StatePaths  # noqa: PLC0415
    from gateway.command_store import CommandStore  # noqa: PLC0415

    path = StatePaths(load_gateway_config(config_path).state_dir).commands
    if not path.exists():
        click.echo("[]" if as_json else "no orders were ever given")
        return
    store = CommandStore(path, read_only=True)
    found = [(row, store.audit(row.order.id)) for row in store.newest(limit, event_id=event_id)]
    store.close()
    if as_json:
        document = [{"order": row, "audit": audit} for row, audit in found]
        click.echo(msgspec.json.encode(document).decode())
        return
    for row, audit in found:
        order = row.order
        click.echo(f"{order.id} {order.device} {order.kind.value} {order.command}: {row.state}")
        for line in audit:
            at = datetime.fromtimestamp(line.at_us / 1_000_000, tz=UTC).isoformat()
            click.echo(f"  {at} {line.fact}" + (f": {line.detail}" if line.detail else ""))


@click.command("backup")
@CONFIG
@JSON
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--without-telemetry", is_flag=True, help="Leave the largest store out.")
def back_up_state(
    config_path: Path, destination: Path, *, as_json: bool, without_telemetry: bool
) -> None:
    """Copy the state to the new folder DESTINATION while the gateway runs. Exit code 1: not done."""
    import msgspec  # noqa: PLC0415

    from gateway.backup import back_up  # noqa: PLC0415
    from gateway.errors import GatewayError  # noqa: PLC0415

    state = Path(load_gateway_config(config_path).state_dir)
    try:
        manifest = back_up(state, destination, datetime.now(UTC), telemetry=not without_telemetry)
    except (GatewayError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    size = sum(file.size_bytes for file in manifest.files)
    if as_json:
        click.echo(msgspec.json.encode(manifest).decode())
    else:
        click.echo(
            f"{destination}: {len(manifest.files)} files, {size:,} bytes, journal records "
            f"{manifest.first_offset} to {manifest.end_offset}"
        )


@click.command("verify-backup")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
def verify_backup(source: Path) -> None:
    """Look at every byte, store and journal record of backup SOURCE. Exit code 1: not good."""
    from gateway.backup import verify  # noqa: PLC0415
    from gateway.errors import GatewayError  # noqa: PLC0415

    try:
        manifest = verify(source)
    except (GatewayError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo(f"{source}: good; made {manifest.made_at.isoformat()} by {manifest.program}")


@click.command("restore")
@CONFIG
@click.argument("source", type=click.Path(path_type=Path, exists=True))
def restore_state(config_path: Path, source: Path) -> None:
    """Put backup SOURCE into the state folder, which must be empty. Exit code 1: not done."""
    from gateway.backup import restore  # noqa: PLC0415
    from gateway.errors import GatewayError  # noqa: PLC0415

    state = Path(load_gateway_config(config_path).state_dir)
    try:
        manifest = restore(source, state)
    except (GatewayError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo(f"{state}: as of {manifest.made_at.isoformat()}; start the gateway")
