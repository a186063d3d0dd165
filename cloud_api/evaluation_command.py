"""``cityloop api evaluate``: the scorecard of a period on the terminal, as JSON or as a picture."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cloud_api.told_errors import errors_told

if TYPE_CHECKING:
    from cloud_api.evaluation.scorecard import Scorecard

__all__ = ["evaluate"]


@click.command()
@click.argument("period")
@click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="YAML file of the API; its database and profile count.",
)
@click.option("--district", help="Only of this district.")
@click.option("--department", help="Only of this department.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, cases included.")
@click.option(
    "--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw it, PNG or SVG."
)
def evaluate(
    period: str,
    config_path: Path | None,
    district: str | None,
    department: str | None,
    *,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Evaluate PERIOD, like 2026-11, 2026-Q4 or 2026: every indicator with its target.

    Devices online are told by the running API alone, see GET /v1/evaluation.
    """
    import msgspec  # noqa: PLC0415 - --help stays quick

    from cloud_api.bootstrap import open_database, open_profile  # noqa: PLC0415 - as above
    from cloud_api.config import ApiConfig  # noqa: PLC0415 - as above
    from cloud_api.evaluation.months import last_day_of, period_of  # noqa: PLC0415 - as above
    from cloud_api.evaluation.scorecard import scorecard  # noqa: PLC0415 - as above
    from cloud_api.evaluation.standing import cases_as_of  # noqa: PLC0415 - as above
    from cloud_api.flow_choice import load_flows  # noqa: PLC0415 - as above
    from cloud_api.people.scope import EVERYTHING  # noqa: PLC0415 - as above
    from runtime.yaml_document import load_config  # noqa: PLC0415 - as above

    with errors_told():
        config = ApiConfig() if config_path is None else load_config(config_path, ApiConfig)
        profile = open_profile(config, load_flows(config.flow, config.flow_choices))
        span = period_of(period, config.utc_offset_minutes)
        store = open_database(config)
        try:
            with store.read() as connection:
                cases = cases_as_of(
                    connection, span, EVERYTHING, district=district, department=department
                )
        finally:
            store.dispose()
        last_day = last_day_of(span, config.utc_offset_minutes)
        card = scorecard(profile.indicators, cases, span, last_day, None)
        if plot is not None:
            from cloud_api.evaluation.chart import draw_scorecard  # noqa: PLC0415 - as above

            draw_scorecard(card, f"{period} {district or ''} {department or ''}".strip(), plot)
    if as_json:
        click.echo(msgspec.json.encode(card).decode())
    else:
        _print(card, period)


def _print(card: "Scorecard", period: str) -> None:
    from rich.console import Console  # noqa: PLC0415 - --help stays quick
    from rich.table import Table  # noqa: PLC0415 - as above

    shown = "not measured" if card.score is None else f"{card.score:g} of 100"
    table = Table(title=f"考核评价 {period}: {shown}")
    for name in ("indicator", "value", "target", "rests on", "weight"):
        table.add_column(name, justify="left" if name == "indicator" else "right")
    for line in card.lines:
        one = line.indicator
        value = "not measured"
        if line.value is not None:
            value = f"{line.value:.1%}" if one.unit == "ratio" else f"{line.value:.3g} h"
        target = "–"
        if line.target is not None:
            target = f"{line.target:.0%}" if one.unit == "ratio" else f"{line.target:g} h"
        rests = (
            f"{line.numerator} of {line.denominator}"
            if line.numerator is not None
            else f"{line.denominator}"
        )
        mark = " [red]✗[/red]" if line.below_target else ""
        table.add_row(f"{one.zh} {one.en}", value + mark, target, rests, f"{one.weight:g}")
    Console(width=100).print(table)
