"""``cityloop up``: hub, gateway and API on this machine, kept running until Ctrl-C."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cityloop.stack.intake_option import INTAKE_OPTION

if TYPE_CHECKING:
    from rich.console import Console

    from cityloop.stack.stack import Stack

__all__ = ["main"]

_LOOK_S = 1.0


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/cityloop"),
    show_default=True,
    help="Configuration, secrets and data; made at the first start, kept afterwards.",
)
@click.option(
    "--api-port",
    type=click.IntRange(1, 65535),
    default=8080,
    show_default=True,
    help="Where the API and its console answer.",
)
@click.option(
    "--mqtt-port",
    type=click.IntRange(1, 65535),
    default=1883,
    show_default=True,
    help="Where boxes and sensors reach the hub.",
)
@click.option(
    "--pack",
    "packs",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="A rule pack; repeatable. Default: every pack that ships.",
)
@click.option(
    "--dry-run", is_flag=True, help="Write the configuration files, say where, start nothing."
)
@INTAKE_OPTION
def main(
    folder: Path,
    api_port: int,
    mqtt_port: int,
    packs: tuple[Path, ...],
    intake: str,
    *,
    dry_run: bool,
) -> None:
    """Start hub, gateway and API on this machine's loopback and keep them running.

    A part that ends is started again, with growing pauses. Ctrl-C or SIGTERM stops all. The first
    admin key is in DIR/secrets/admin.key; `cityloop hub add-box NAME --config DIR/hub.yaml`
    registers a box. Exit status 1: a part could not be started.
    """
    from rich.console import Console  # noqa: PLC0415 - --help stays quick

    from cityloop.errors import StackError  # noqa: PLC0415 - as above
    from cityloop.stack.documents import rule_packs, shipped_packs  # noqa: PLC0415
    from cityloop.stack.plan import plan_stack  # noqa: PLC0415
    from cityloop.stack.stack import Stack  # noqa: PLC0415 - pulls in every part
    from runtime.errors import RuntimeFault  # noqa: PLC0415

    console = Console(highlight=False)
    paths = [str(pack.resolve()) for pack in packs] or rule_packs(shipped_packs())
    fixed = {"api": api_port, "mqtt": mqtt_port}
    plan = plan_stack(folder.resolve(), fixed=fixed, intake=intake)
    stack = Stack(plan, paths)
    try:
        stack.prepare()
        if dry_run:
            console.print(f"configuration is in {plan.folder}; nothing was started")
            return
        stack.start()
        _keep(console, stack)
    except (StackError, RuntimeFault, OSError) as error:
        console.print(f"Error: {error}", markup=False, style="red")
        sys.exit(1)
    finally:
        stack.stop()


def _keep(console: "Console", stack: "Stack") -> None:
    """Start again what ends, until a signal comes."""
    import time  # noqa: PLC0415 - beside what uses it
    from random import Random  # noqa: PLC0415

    from runtime.backoff import Backoff  # noqa: PLC0415
    from runtime.process import stop_on_signals  # noqa: PLC0415

    plan = stack.plan
    console.print(f"API        {plan.api_url}/docs   (key: {plan.secret('admin.key')})")
    console.print(f"console    {plan.api_url}/console/   (people: cityloop api users add)")
    console.print(f"MQTT hub   127.0.0.1:{plan.ports.mqtt}")
    console.print(f"metrics    http://127.0.0.1:{plan.ports.gateway}/metrics")
    console.print(f"logs       {plan.folder / 'logs'}")
    # jitter is no secret
    pauses = {name: Backoff(1.0, 30.0, Random()) for name in stack.processes}
    due: dict[str, float] = {}
    with stop_on_signals() as stop:
        while not stop.wait(_LOOK_S):
            for name, process in stack.processes.items():
                if process.alive:
                    due.pop(name, None)
                elif name not in due:
                    due[name] = time.monotonic() + pauses[name].next_delay()
                    console.print(
                        f"{name} ended with status {process.exit_code}; see {process.log}"
                    )
                elif time.monotonic() >= due.pop(name):
                    process.start()
                    console.print(f"{name} started again")
