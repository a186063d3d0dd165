"""``cityloop gateway top``: a running gateway in a terminal."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.config_option import CONFIG, load_gateway_config

if TYPE_CHECKING:
    from gateway.top.client import GatewayPages

__all__ = ["top"]


@click.command()
@CONFIG
@click.option("--every", default=2.0, show_default=True, help="Seconds between two looks.")
@click.option("--rows", default=12, show_default=True, help="Most lines of each list.")
@click.option("--once", is_flag=True, help="Look once and end.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document a look.")
def top(config_path: Path, every: float, rows: int, *, once: bool, as_json: bool) -> None:
    """Show a running gateway: rates, what waits, rules firing, what was turned away, boxes.

    Asks its metrics port, which must be fixed. Exit code 1: it does not answer, 2: no fixed port.
    """
    from gateway.errors import GatewayError  # noqa: PLC0415 - keeps --help fast
    from gateway.top.client import GatewayPages  # noqa: PLC0415

    config = load_gateway_config(config_path)
    if config.metrics is None or config.metrics.port == 0:
        click.echo("metrics.port is not fixed in the configuration; name one", err=True)
        sys.exit(2)
    pages = GatewayPages(f"http://{config.metrics.host}:{config.metrics.port}")
    try:
        if once or as_json:
            _plain(pages, config.name, max(0.1, every), rows, once=once, as_json=as_json)
        else:
            _live(pages, config.name, max(0.1, every), rows)
    except GatewayError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        return
    finally:
        pages.close()


def _plain(
    pages: "GatewayPages", name: str, every: float, rows: int, *, once: bool, as_json: bool
) -> None:
    import msgspec  # noqa: PLC0415 - keeps --help fast
    from rich.console import Console  # noqa: PLC0415

    from gateway.top.screen import screen_of  # noqa: PLC0415

    pages.look()
    while True:
        time.sleep(every)
        snapshot = pages.look()
        if as_json:
            click.echo(msgspec.json.encode(snapshot).decode())
        else:
            Console().print(screen_of(snapshot, name, rows=rows))
        if once:
            return


def _live(pages: "GatewayPages", name: str, every: float, rows: int) -> None:
    from rich.live import Live  # noqa: PLC0415 - keeps --help fast

    from gateway.errors import GatewaySilentError  # noqa: PLC0415
    from gateway.top.screen import screen_of  # noqa: PLC0415

    with Live(screen_of(pages.look(), name, rows=rows), screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(every)
            try:
                live.update(screen_of(pages.look(), name, rows=rows), refresh=True)
            except GatewaySilentError as error:
                # a gateway that restarts is shown again when it is back
                live.update(str(error), refresh=True)
