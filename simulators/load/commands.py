"""``cityloop sim load``: load on a broker, and how long it takes to acknowledge."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulators.duration import parse_duration

if TYPE_CHECKING:
    from simulators.load.generator import LoadRun
    from simulators.load.plan import LoadPlan

__all__ = ["load"]

_SHARES = (50.0, 90.0, 99.0, 99.9, 99.99, 100.0)


def _seconds(ctx: click.Context, param: click.Parameter, value: str) -> float:
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx=ctx, param=param) from error


@click.command()
@click.option("--broker", required=True, help="mqtt://[user@]host:port, or mqtts://.")
@click.option("--password-env", help="Environment variable that holds the password.")
@click.option(
    "--devices",
    type=click.IntRange(1, 1_000_000),
    default=1000,
    show_default=True,
    help="How many sensors speak.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0.1, 200_000.0),
    default=1000.0,
    show_default=True,
    help="Messages a second, sent whether or not the broker keeps up.",
)
@click.option(
    "--pack", type=click.IntRange(1, 1000), default=1, show_default=True, help="Devices a message."
)
@click.option(
    "--profile", default="water_level", show_default=True, help="Device profile of all of them."
)
@click.option(
    "--for",
    "for_s",
    metavar="DURATION",
    callback=_seconds,
    default="30s",
    show_default=True,
    help="How long, like 30s or 5m.",
)
@click.option(
    "--drain",
    "drain_s",
    metavar="DURATION",
    callback=_seconds,
    default="15s",
    show_default=True,
    help="Most time to wait for acknowledgements at the end.",
)
@click.option(
    "--client-id",
    default="cityloop-load",
    show_default=True,
    help="Name of the MQTT session.",
)
@click.option(
    "--district", default="riverside", show_default=True, help="First level of the topics."
)
@click.option("--site", default="load", show_default=True, help="Second level of the topics.")
@click.option(
    "--hgrm",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all percentiles in HdrHistogram's text form.",
)
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw them, PNG or SVG."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def load(
    broker: str,
    password_env: str | None,
    devices: int,
    rate: float,
    pack: int,
    profile: str,
    for_s: float,
    drain_s: float,
    client_id: str,
    district: str,
    site: str,
    hgrm: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Send readings of many devices at a fixed rate and measure the broker's acknowledgements.

    A latency counts from the moment a message was due, so a broker that stalls cannot hide it
    (no coordinated omission). Exits 1 when acknowledgements are missing.
    """
    import sys  # noqa: PLC0415 - keeps --help quick

    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from runtime.errors import SecretError  # noqa: PLC0415
    from runtime.process import stop_on_signals  # noqa: PLC0415
    from simulators.broker_address import broker_of  # noqa: PLC0415
    from simulators.errors import SimulatorError  # noqa: PLC0415
    from simulators.load.generator import run_load  # noqa: PLC0415
    from simulators.load.plan import LoadPlan  # noqa: PLC0415

    mqtt = broker_of(broker, client_id, password_env)
    try:
        plan = LoadPlan(
            devices=devices, rate=rate, pack=pack, profile=profile, district=district, site=site
        )
        console = Console(stderr=True)
        with stop_on_signals() as stop, Progress(transient=True, console=console) as progress:
            task = progress.add_task("sending", total=int(for_s * rate))
            run = run_load(
                plan,
                mqtt,
                for_s,
                drain_s=drain_s,
                stop=lambda: bool(stop),
                progress=lambda sent: progress.update(task, completed=sent),
            )
    except (SimulatorError, SecretError) as error:
        raise click.ClickException(str(error)) from error
    if hgrm is not None:
        with hgrm.open("wb") as file:
            # microseconds are told as milliseconds
            run.histogram.output_percentile_distribution(file, 1000.0)
    if plot is not None:
        from simulators.load.chart import draw_latencies  # noqa: PLC0415

        draw_latencies(run.histogram, plot, f"{rate:g} messages/s, {devices} devices")
    _tell(plan, run, as_json=as_json)
    sys.exit(1 if run.unacknowledged or not run.sent else 0)


def _tell(plan: "LoadPlan", run: "LoadRun", *, as_json: bool) -> None:
    import msgspec  # noqa: PLC0415

    latencies = {
        f"p{share:g}".replace("p100", "max"): run.histogram.get_value_at_percentile(share) / 1000.0
        for share in _SHARES
    }
    rate = run.acknowledged / run.elapsed_s
    if as_json:
        line = {
            "sent": run.sent,
            "acknowledged": run.acknowledged,
            "unacknowledged": run.unacknowledged,
            "elapsed_s": run.elapsed_s,
            "behind_s": run.behind_s,
            "messages_per_s": round(rate, 1),
            "latency_ms": latencies,
            "plan": plan.sizes(),
        }
        click.echo(msgspec.json.encode(line))
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(title="Acknowledged by the broker")
    table.add_column("share", justify="right")
    table.add_column("within ms", justify="right")
    for name, value in latencies.items():
        table.add_row(name, f"{value:.3g}")
    Console(width=72).print(table)
    click.echo(
        f"{run.sent:,} sent, {run.acknowledged:,} acknowledged in {run.elapsed_s:.1f} s: {rate:,.0f} "
        f"messages/s of {plan.rate:,.0f} wanted, {rate * plan.pack:,.0f} readings/s; the generator "
        f"itself was at most {run.behind_s:.3g} s late"
    )
