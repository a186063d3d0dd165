"""``cityloop gateway dead`` and ``replay-dead``: what was turned away, and sending it again."""

from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.config_option import CONFIG, JSON, load_gateway_config

__all__ = ["dead", "replay_dead"]


@click.group()
def dead() -> None:
    """Look at what was turned away: messages by the gateway, events by the API and webhooks."""


@dead.command("list")
@CONFIG
@JSON
@click.option("--limit", default=100, show_default=True, help="Newest entries of each kind.")
def dead_list(config_path: Path, limit: int, *, as_json: bool) -> None:
    """List rejected messages and refused events, newest first."""
    import msgspec  # noqa: PLC0415

    from gateway.bootstrap import StatePaths  # noqa: PLC0415
    from gateway.dead_letter import DeadLetterStore  # noqa: PLC0415

    paths = StatePaths(load_gateway_config(config_path).state_dir)
    letters = []
    if paths.dead_letters.exists():
        store = DeadLetterStore(paths.dead_letters, read_only=True)
        letters = store.newest(limit)
        store.close()
    refused = _refused(config_path, None, limit)
    if as_json:
        document = {"messages": [letter._asdict() for letter in letters], "events": refused}
        click.echo(msgspec.json.encode(document).decode())
        return
    for letter in letters:
        at = datetime.fromtimestamp(letter.at_us / 1_000_000, tz=UTC).isoformat()
        click.echo(f"{at} {letter.reason} {letter.topic} ({letter.size_bytes} B): {letter.detail}")
    _tell(refused)
    click.echo(f"{len(letters)} rejected messages, {len(refused)} refused events")


def _refused(config_path: Path, sink: str | None, limit: int) -> list[dict[str, object]]:
    """Return events that the API or a webhook refused."""
    from gateway.bootstrap import StatePaths  # noqa: PLC0415
    from gateway.event_outbox import EventOutbox  # noqa: PLC0415
    from gateway.sinks.positions import SinkPositions  # noqa: PLC0415

    paths = StatePaths(load_gateway_config(config_path).state_dir)
    found: list[dict[str, object]] = []
    if paths.outbox.exists() and sink in {None, "api"}:
        outbox = EventOutbox(paths.outbox, read_only=True)
        found.extend(
            {"sink": "api", "event_id": row.event_id, "rev": row.rev, "reason": row.reason}
            for row in outbox.dead(limit)
        )
        outbox.close()
    if paths.sinks.exists() and sink != "api":
        positions = SinkPositions(paths.sinks, read_only=True)
        found.extend(
            {"sink": row.sink, "event_id": row.event_id, "rev": row.rev, "reason": row.reason}
            for row in reversed(positions.refused(sink, limit=limit))
        )
        positions.close()
    return found


def _tell(refused: list[dict[str, object]]) -> None:
    for row in refused:
        click.echo(f"{row['sink']}: event {row['event_id']} rev {row['rev']}: {row['reason']}")


@click.command("replay-dead")
@CONFIG
@JSON
@click.option("--sink", default=None, help="Only what this one refused: api, or a webhook's name.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent again.")
def replay_dead(config_path: Path, sink: str | None, *, dry_run: bool, as_json: bool) -> None:
    """Send refused events again, each to the one that refused it; a running gateway does it."""
    import msgspec  # noqa: PLC0415

    from gateway.bootstrap import StatePaths  # noqa: PLC0415
    from gateway.event_outbox import EventOutbox  # noqa: PLC0415
    from gateway.sinks.positions import SinkPositions  # noqa: PLC0415

    paths = StatePaths(load_gateway_config(config_path).state_dir)
    refused = _refused(config_path, sink, 1_000_000)
    revived = 0
    if not dry_run:
        if sink in {None, "api"}:
            outbox = EventOutbox(paths.outbox)
            revived += outbox.revive(datetime.now(UTC))
            outbox.close()
        if sink != "api":
            positions = SinkPositions(paths.sinks)
            revived += positions.revive(sink)
            positions.close()
    if as_json:
        document = {"events": refused, "revived": revived, "dry_run": dry_run}
        click.echo(msgspec.json.encode(document).decode())
        return
    if dry_run:
        _tell(refused)
        click.echo(f"{len(refused)} events would be sent again")
    else:
        click.echo(f"{revived} events will be sent again")


@dead.command("replay")
@CONFIG
@click.pass_context
def dead_replay(context: click.Context, config_path: Path) -> None:
    """Send every refused event again; the same as replay-dead."""
    context.invoke(replay_dead, config_path=config_path, sink=None, dry_run=False, as_json=False)
