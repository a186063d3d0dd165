"""``cityloop explain``: why an event was raised, with ``cityloop up``'s configuration by default."""

from pathlib import Path

import click

from gateway.__main__ import explain_event

__all__ = ["main"]


@click.command()
@click.argument("event_id")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    default=Path("var/cityloop/gateway.yaml"),
    show_default=True,
    help="The gateway's configuration file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def main(context: click.Context, event_id: str, config_path: Path, *, as_json: bool) -> None:
    """Tell why EVENT_ID was raised: its rule, what was compared, the message that decided.

    Works beside a running gateway. Exit code 1: not found.
    """
    context.invoke(explain_event, event_id=event_id, config_path=config_path, as_json=as_json)
