"""``cityloop edge doctor``."""

import sys
from pathlib import Path

import click

__all__ = ["doctor"]

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red", "skip": "dim"}


@click.command("doctor")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("edge.yaml"),
    show_default=True,
    help="Configuration of the box.",
)
@click.option("--no-network", is_flag=True, help="Leave out network cameras, hub and API.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list, when all is done.")
def doctor(config_path: Path, *, no_network: bool, as_json: bool) -> None:
    """Check everything that a box needs: cameras, models, hub, API, clock, disk, heat, permissions.

    Each line says what was found and what to do. A running box is not disturbed.

    Exit codes: 0 it can work, 1 something fails.
    """
    import msgspec  # noqa: PLC0415 - keeps --help quick
    import structlog  # noqa: PLC0415 - as above
    from rich.console import Console  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    from edge.doctor.examination import examine  # noqa: PLC0415 - as above
    from runtime.finding import Verdict  # noqa: PLC0415 - as above

    # what cameras and sessions have to say is in the findings
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    console = Console()
    failed, findings = False, []
    for finding in examine(config_path, network=not no_network):
        failed |= finding.verdict is Verdict.FAIL
        findings.append(finding)
        if as_json:
            continue
        line = Text(f"{finding.verdict.value:<5}", style=_COLOURS[finding.verdict.value])
        line.append(f"{finding.check}: {finding.detail}", style="default")
        if finding.advice:
            line.append(f"\n     → {finding.advice}", style="bold")
        console.print(line, soft_wrap=True)
    if as_json:
        click.echo(msgspec.json.encode(findings).decode())
    sys.exit(1 if failed else 0)
