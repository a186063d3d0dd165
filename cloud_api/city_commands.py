"""Commands for the people who keep a city's tables: check them, bring them in, hand them out."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path

import click
import msgspec

from cloud_api.errors import ProfileError
from cloud_api.told_errors import errors_told

__all__ = ["grid", "responsibility"]

_CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="YAML file of the API; its profile and departments count.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def responsibility() -> None:
    """The responsibility list 权责清单: check it, convert it."""


@responsibility.command("check")
@_CONFIG
@_JSON
@click.option("--file", "path", type=click.Path(path_type=Path), help="Instead of the profile's.")
@click.option("--on", "on_day", help="Day, like 2026-07-01; default today.")
def check(
    config_path: Path | None, path: Path | None, on_day: str | None, *, as_json: bool
) -> None:
    """Report classes and areas nobody answers for, and lines that contradict each other.

    Exit status 1 when there are gaps or overlaps.
    """
    from cloud_api.bootstrap import open_profile  # noqa: PLC0415 - --help stays quick
    from cloud_api.config import ApiConfig  # noqa: PLC0415 - as above
    from cloud_api.dispatch.responsibility import (  # noqa: PLC0415 - as above
        ResponsibilityList,
        check_list,
    )
    from cloud_api.dispatch.sheets import read_sheet  # noqa: PLC0415 - as above
    from cloud_api.flow_choice import load_flows  # noqa: PLC0415 - as above
    from runtime.yaml_document import load_config  # noqa: PLC0415 - as above

    with errors_told():
        config = ApiConfig() if config_path is None else load_config(config_path, ApiConfig)
        profile = open_profile(config, load_flows(config.flow, config.flow_choices))
        dispatcher = profile.dispatcher
        listed = dispatcher.listed
        if path is not None:
            departments = frozenset(each.id for each in config.departments)
            listed = ResponsibilityList(read_sheet(path), path.name, departments)
        on = dispatcher.day(datetime.now(UTC)) if on_day is None else _day(on_day)
        areas = [] if dispatcher.grid is None else [cell.code for cell in dispatcher.grid.cells]
        report = check_list(listed, dispatcher.classes, areas, on)
    if as_json:
        found = {"on": on.isoformat(), "lines": len(listed.rows), **report._asdict()}
        click.echo(msgspec.json.encode(found).decode())
    else:
        for gap in report.gaps:
            click.echo(
                f"gap: class {gap['class']} {gap['zh']}, area {gap['area'] or 'any'}, {gap['level']}"
            )
        for pair in report.overlaps:
            click.echo(
                f"overlap: lines {pair['lines']} ({pair['departments']}) on class {pair['class']}, "
                f"{pair['level']}"
            )
        click.echo(
            f"{len(listed.rows)} lines: {len(report.gaps)} gaps, {len(report.overlaps)} overlaps"
        )
    sys.exit(1 if report.gaps or report.overlaps else 0)


@responsibility.command("convert")
@_CONFIG
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
def convert(config_path: Path | None, source: Path, target: Path) -> None:
    """Check a list and write it as CSV or XLSX, by the ending of TARGET."""
    from cloud_api.config import ApiConfig  # noqa: PLC0415 - --help stays quick
    from cloud_api.dispatch.responsibility import (  # noqa: PLC0415 - as above
        RESPONSIBILITY_COLUMNS,
        ResponsibilityList,
    )
    from cloud_api.dispatch.sheets import read_sheet, write_sheet  # noqa: PLC0415 - as above
    from runtime.yaml_document import load_config  # noqa: PLC0415 - as above

    with errors_told():
        config = ApiConfig() if config_path is None else load_config(config_path, ApiConfig)
        rows = read_sheet(source)
        ResponsibilityList(rows, source.name, frozenset(each.id for each in config.departments))
        write_sheet(target, rows, RESPONSIBILITY_COLUMNS)
    click.echo(f"{len(rows)} lines written to {target}")


@click.group()
def grid() -> None:
    """The grid 单元网格: check a file of cells."""


@grid.command("check")
@_JSON
@click.argument("path", type=click.Path(path_type=Path))
def check_grid(path: Path, *, as_json: bool) -> None:
    """Read a GeoJSON file of cells and report overlapping ones; exit status 1 when there are any."""
    from cloud_api.dispatch.grid import load_grid  # noqa: PLC0415 - --help stays quick

    with errors_told():
        cells = load_grid(path)
    overlaps = cells.overlaps()
    if as_json:
        found = {"cells": len(cells.cells), "overlaps": overlaps}
        click.echo(msgspec.json.encode(found).decode())
    else:
        for one, other in overlaps:
            click.echo(f"overlap: {one} and {other}")
        click.echo(f"{len(cells.cells)} cells: {len(overlaps)} overlaps")
    sys.exit(1 if overlaps else 0)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ProfileError(f"--on {text!r}: {error}; expected like 2026-07-01") from error
