"""``cityloop rules``: check, test, try out, explain, compare and draw rule packs.

Exit codes: 0 fine, 1 found something wrong (or a test failed), 2 called wrongly or unreadable data.
"""

import json
from pathlib import Path

import click
import msgspec

from cityloop.rules_tools.check import check_packs
from cityloop.rules_tools.console import PACK, PACKS, ToolGroup, echo_json
from cityloop.rules_tools.coverage import lacking
from cityloop.rules_tools.data_commands import diff, plot, replay_command
from cityloop.rules_tools.explanation import explain_rule, find_rule, read_values, row_values
from cityloop.rules_tools.findings import Severity, load_packs
from cityloop.rules_tools.pack_schema import pack_schema
from cityloop.rules_tools.pack_test_report import PackResults, failure_text, junit_xml
from cityloop.rules_tools.redraw_command import redraw_command
from cityloop.rules_tools.template import pack_template
from rules.pack_tests import run_pack_tests

__all__ = ["main"]


@click.group(cls=ToolGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Check, test, replay, explain, compare and draw rule packs 规则包.

    \b
    Examples:
      cityloop rules new --profile water_level -o mine.yaml
      cityloop rules check mine.yaml
      cityloop rules test mine.yaml --complete
      cityloop rules replay mine.yaml --from march.csv --mapping '{at: time, fields: {depth_m: h}}'
      cityloop rules plot mine.yaml --on march.jsonl --key subject=uw-01 -o uw-01.png
    """


main.add_command(replay_command)
main.add_command(redraw_command)
main.add_command(diff)
main.add_command(plot)


@main.command()
@PACKS
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(packs: tuple[Path, ...], *, strict: bool, as_json: bool) -> None:
    """Say everything that is wrong with PACK…, files or folders of packs.

    Prints file:line:column: error or warning: what is wrong and what to do. Warnings: steps that can
    never raise an event, rules that report one thing twice. Exit code 1: an error was found.
    """
    findings = check_packs(packs)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    warnings = len(findings) - errors
    if as_json:
        echo_json({"errors": errors, "warnings": warnings, "findings": findings})
    else:
        for finding in findings:
            click.echo(finding.line_text)
        click.echo(f"{errors} errors, {warnings} warnings", err=True)
    if errors or (strict and warnings):
        raise SystemExit(1)


@main.command("test")
@PACKS
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the results as JUnit XML to this file.",
)
@click.option(
    "--complete",
    is_flag=True,
    help="Also ask for a test of every kind that applies to a rule, and name those that it lacks.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def run_tests(
    packs: tuple[Path, ...], junit: Path | None, *, complete: bool, as_json: bool
) -> None:
    """Run the tests that are written inside PACK….

    Each test runs twice, the second time with a restart after every sample. Exit code 1: one failed,
    or is lacking with --complete.
    """
    loaded = load_packs(packs)
    results = [PackResults(one.pack.name, run_pack_tests(one.pack)) for one in loaded]
    lacks = [(one.pack.name, lack) for one in loaded for lack in lacking(one.pack) if complete]
    total = sum(len(pack.results) for pack in results)
    failures = sum(pack.failures for pack in results)
    if junit is not None:
        try:
            junit.write_bytes(junit_xml(results))
        except OSError as error:
            raise click.ClickException(f"{junit}: cannot be written: {error.strerror}") from error
    if as_json:
        tests = [
            {"file": pack.file, **msgspec.to_builtins(result)}
            for pack in results
            for result in pack.results
        ]
        lacked = [{"file": file, **lack._asdict()} for file, lack in lacks]
        echo_json({"tests": total, "failures": failures, "results": tests, "lacking": lacked})
    else:
        for pack in results:
            for result in pack.results:
                mark = "ok  " if result.ok else "FAIL"
                click.echo(f"{mark} {pack.file} {result.rule}: {result.name}")
                if not result.ok:
                    click.echo(f"     {failure_text(result)}")
        for file, lack in lacks:
            click.echo(f"LACK {file} {lack.rule}: no test of {lack.kind!r}: {lack.meaning}")
        lacked_too = f", {len(lacks)} lacking" if complete else ""
        click.echo(f"{total} tests, {failures} failed{lacked_too}", err=True)
    if failures or lacks:
        raise SystemExit(1)


@main.command()
@PACK
@click.option("--rule", "rule_id", help="Id of the rule; default the only one.")
@click.option(
    "--values",
    multiple=True,
    help="Field values: 'depth_m=30 cm, rain_mm_h=5'; what is not named is unknown.",
)
@click.option("--place", help="Key of the row of the rule's table of places to take values from.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain(
    pack: Path,
    rule_id: str | None,
    values: tuple[str, ...],
    place: str | None,
    *,
    as_json: bool,
) -> None:
    """Show how a rule of PACK judges given values: every part of every condition."""
    rule = find_rule([one.pack for one in load_packs([pack])], rule_id)
    given = {**row_values(rule, place), **read_values(values, rule.fields)}
    told = explain_rule(rule, given)
    if as_json:
        echo_json(told)
        return
    since = f", in force since {told.since}" if told.since else ""
    click.echo(f"{told.rule} (version {told.version}{since})")
    for step in told.steps:
        click.echo(f"\n{step.level}")
        if step.source is not None:
            click.echo(f"  source: {step.source}")
        for part, delay_s, tree in (
            ("when", step.for_s, step.when),
            ("clear", step.clear_for_s, step.clear),
        ):
            click.echo(f"  {part}, for {delay_s:g} s:")
            for line in tree.lines(2):
                click.echo(line)
    click.echo(
        f"\nraises: {told.raises or 'nothing'}   lets go: {', '.join(told.clears) or 'nothing'}"
    )


@main.command()
@click.option("--profile", required=True, help="Device profile to watch, like water_level.")
@click.option("--id", "rule_id", help="Id of the rule; default the profile's name and _alarm.")
@click.option("--field", help="Field to judge; default the profile's first number or flag.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, which must not exist; default the standard output.",
)
def new(profile: str, rule_id: str | None, field: str | None, output: Path | None) -> None:
    """Write a first pack for a device profile; its thresholds are placeholders."""
    text = pack_template(profile, rule_id=rule_id, field=field)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise click.ClickException(f"{output}: cannot be written: {error.strerror}") from error
    click.echo(f"{output}: replace the thresholds, then: cityloop rules check {output}", err=True)


@main.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write; default the standard output.",
)
def schema(output: Path | None) -> None:
    """Print the JSON Schema of packs, for editors."""
    text = json.dumps(pack_schema(), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{output}: cannot be written: {error.strerror}") from error
