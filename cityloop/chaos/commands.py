"""``cityloop chaos``: does anything get lost when everything may die at any moment?"""

import shutil
import sys
import tempfile
from pathlib import Path

import click

from cityloop.stack.intake_option import INTAKE_OPTION

__all__ = ["main"]


@click.command()
@click.option(
    "--kills", type=click.IntRange(0, 1000), default=20, show_default=True, help="How many."
)
@click.option(
    "--fault",
    type=click.Choice(["kills", "hub-disk-full", "api-down", "link", "clock-step", "day"]),
    default="kills",
    show_default=True,
    help="What is done to the stack.",
)
@click.option(
    "--hold",
    "hold_s",
    type=click.FloatRange(1.0, 7200.0),
    default=10.0,
    show_default=True,
    help="Real seconds that a fault lasts, or that a compressed day takes.",
)
@click.option(
    "--events",
    type=click.IntRange(1, 10_000_000),
    default=1_000,
    show_default=True,
    help="Events that come up meanwhile (api-down, day).",
)
@click.option(
    "--surge",
    type=click.FloatRange(1.0, 10.0),
    default=1.0,
    show_default=True,
    help="How many times faster the middle third of them comes.",
)
@click.option(
    "--loss",
    type=click.FloatRange(0.0, 0.5),
    default=0.1,
    show_default=True,
    help="Share of the packets that the box's line loses for a while (link); needs root and nft.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Draws moments.")
@click.option(
    "--rate",
    type=click.FloatRange(1.0, 100_000.0),
    default=10_000.0,
    show_default=True,
    help="Messages a second that the box tries to publish.",
)
@click.option(
    "--plant",
    type=click.Choice(["none", "drop", "double"]),
    default="none",
    show_default=True,
    help="Hide one fault, which the count must find: exit status 1 is then the good answer.",
)
@INTAKE_OPTION
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Leave everything that the parts wrote in this new folder.",
)
def main(
    *,
    kills: int,
    fault: str,
    hold_s: float,
    events: int,
    surge: float,
    loss: float,
    seed: int,
    rate: float,
    plant: str,
    intake: str,
    as_json: bool,
    keep: Path | None,
) -> None:
    """Kill edge, gateway, hub and API in turn (SIGKILL) at random moments under load, and count.

    Everything runs on loopback and is stopped at the end. lost = messages in the boxes' ledgers
    that the journal lacks, plus statements that the journal implies and the API lacks; duplicates =
    messages, statements or episodes that are there twice; timers_reset = episodes whose onset or
    change of level is not where the storm's own truth has it, to the millisecond.
    """
    from rich.console import Console  # noqa: PLC0415 - --help stays quick

    from cityloop.chaos.packet_loss import enter_own_network  # noqa: PLC0415 - as below
    from cityloop.chaos.plan import ChaosSettings  # noqa: PLC0415 - as above
    from cityloop.chaos.run import run_chaos  # noqa: PLC0415 - pulls in every part
    from cityloop.errors import StackError  # noqa: PLC0415

    console = Console(stderr=as_json, highlight=False)
    folder = Path(tempfile.mkdtemp(prefix="cityloop-chaos-")) if keep is None else keep
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise click.UsageError(f"--keep {folder}: is not empty; name a new folder")
    if fault == "link" and loss and not enter_own_network():
        console.print("no packets will be lost: that needs root, and the commands ip and nft")
        loss = 0.0
    settings = ChaosSettings(
        kills=kills,
        fault=fault,
        hold_s=hold_s,
        events=events,
        surge=surge,
        loss=loss if fault == "link" else 0.0,
        seed=seed,
        rate=rate,
        plant=plant,
        intake=intake,
    )
    try:
        result = run_chaos(settings, folder, console.print)
    except StackError as error:
        console.print(f"Error: {error}", markup=False)
        sys.exit(2)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    for example in result.examples:
        console.print(f"  {example}", markup=False)
    if as_json:
        import msgspec  # noqa: PLC0415 - as above

        click.echo(msgspec.json.encode(result).decode())
    else:
        console.print(
            f"{result.kills} kills at {result.rate:,.0f} messages/s: {result.messages:,} enqueued, "
            f"{result.lost} lost, {result.duplicates} twice, {result.timers_reset} timers reset"
        )
    sys.exit(1 if result.lost or result.duplicates or result.timers_reset else 0)
