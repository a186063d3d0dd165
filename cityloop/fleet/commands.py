"""``cityloop fleet``: registry, tokens, configuration, who is online."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runtime.api_options import api_options

if TYPE_CHECKING:
    from cityloop.fleet.client import FleetClient

__all__ = ["main"]

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


@contextmanager
def _client(api: str, key_file: Path | None) -> Iterator[FleetClient]:
    """Yield a client; say what it meets in one line and leave with status 1."""
    from cityloop.errors import FleetRefused  # noqa: PLC0415 - keeps --help quick
    from cityloop.fleet.client import FleetClient  # noqa: PLC0415 - as above
    from runtime.errors import SecretError  # noqa: PLC0415 - as above

    try:
        with FleetClient(api, key_file) as client:
            yield client
    except (FleetRefused, SecretError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _seconds(text: str) -> float:
    unit = _UNITS_S.get(text[-1:], 0.0)
    try:
        return float(text[:-1]) * unit if unit else float(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: expected a duration like 30m, 24h or 7d") from error


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*("-" if cell is None else str(cell) for cell in row))
    Console().print(table)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Devices and boxes: registry, tokens, configuration, who is online.

    \b
    Examples:
      cityloop fleet import sensors.csv --apply
      cityloop fleet token create --box box-1 --district futian --site north-gate
      cityloop fleet status
      cityloop fleet config set box-1 box-1.yaml --reason "a new zone"
    """


@main.group()
def token() -> None:
    """One-time tokens with which boxes enrol."""


@token.command("create")
@api_options
@_JSON
@click.option("--box", required=True, help="Id of the box.")
@click.option("--district", required=True, help="First level of its topics.")
@click.option("--site", required=True, help="Second level.")
@click.option("--expires", default="24h", show_default=True, help="For how long: 30m, 24h, 7d.")
def token_create(
    api: str, key_file: Path | None, as_json: bool, box: str, district: str, site: str, expires: str
) -> None:
    """Make a token for one box and print it, once."""
    body = {"box": box, "district": district, "site": site, "expires_s": _seconds(expires)}
    with _client(api, key_file) as client:
        made = client.ask("POST", "/v1/enrolment/tokens", body=body).json()
    click.echo(json.dumps(made) if as_json else made["token"])


@token.command("list")
@api_options
@_JSON
def token_list(api: str, key_file: Path | None, as_json: bool) -> None:
    """List tokens, never their secrets."""
    with _client(api, key_file) as client:
        items = client.ask("GET", "/v1/enrolment/tokens").json()["items"]
    if as_json:
        click.echo(json.dumps(items))
        return
    names = ("token_id", "box", "made_by", "expires_at", "used_at", "revoked_at")
    _table("tokens", names, [tuple(item[name] for name in names) for item in items])


@token.command("revoke")
@api_options
@click.argument("token_id")
def token_revoke(api: str, key_file: Path | None, token_id: str) -> None:
    """Make a token that was not used worthless."""
    with _client(api, key_file) as client:
        client.ask("DELETE", f"/v1/enrolment/tokens/{token_id}")
    click.echo(f"token {token_id} is revoked")


@main.command("revoke")
@api_options
@click.argument("box")
def revoke_box(api: str, key_file: Path | None, box: str) -> None:
    """Take a box's login and key away; the hub cuts its session off within seconds."""
    with _client(api, key_file) as client:
        client.ask("DELETE", f"/v1/boxes/{box}/login")
    click.echo(f"box {box} is revoked")


@main.command("status")
@api_options
@_JSON
def status(api: str, key_file: Path | None, as_json: bool) -> None:
    """List the boxes of the registry with their last report."""
    with _client(api, key_file) as client:
        found = []
        for entry in client.pages("/v1/boxes"):
            where = f"/v1/fleet/boxes/{entry['box']}"
            state = client.ask("GET", where, accept=(404,))
            found.append(entry | (state.json() if state.is_success else {"report": None}))
    if as_json:
        click.echo(json.dumps(found))
        return
    rows: list[tuple[object, ...]] = []
    for box in found:
        report = box["report"] or {}
        online = {True: "yes", False: "no", None: None}[report.get("online")]
        place = f"{box['district']}/{box['site']}"
        reported = (box.get("desired_version"), report.get("config_version"))
        rows.append(
            (box["box"], place, box["lifecycle"], online, report.get("heard_at"), *reported)
        )
    columns = ("box", "district/site", "lifecycle", "online", "heard", "desired", "reported")
    _table("boxes", columns, rows)


@main.command("online")
@api_options
@_JSON
def online(api: str, key_file: Path | None, as_json: bool) -> None:
    """Tell the online rate by class and district; where nothing is measured, that."""
    with _client(api, key_file) as client:
        items = client.ask("GET", "/v1/online-rates").json()["items"]
    if as_json:
        click.echo(json.dumps(items))
        return
    rows: list[tuple[object, ...]] = [
        (
            item["district"],
            item["profile"],
            item["registered"],
            item["devices"],
            item["online"],
            f"{item['ratio']:.1%}" if item["measured"] else "not measured",
        )
        for item in items
    ]
    columns = ("district", "profile", "registered", "watched", "online", "rate")
    _table("online rate", columns, rows)


_KIND = click.option(
    "--kind",
    type=click.Choice(["devices", "boxes"]),
    default="devices",
    show_default=True,
    help="Which table.",
)


@main.command("export")
@api_options
@_KIND
@click.option("--district", help="Only this one.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export_table(
    api: str, key_file: Path | None, kind: str, district: str | None, file: Path
) -> None:
    """Write the registry to FILE as CSV."""
    params = {} if district is None else {"district": district}
    with _client(api, key_file) as client:
        content = client.ask("GET", f"/v1/registry/{kind}.csv", params=params).content
        file.write_bytes(content)
    lines = len(content.splitlines()) - 1
    click.echo(f"{file}: {lines} lines of {kind}")


@main.command("import")
@api_options
@_JSON
@_KIND
@click.option("--apply", is_flag=True, help="Do it; without this only tell what would happen.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def import_table(
    api: str, key_file: Path | None, as_json: bool, kind: str, apply: bool, file: Path
) -> None:
    """Import FILE (CSV) into the registry, all lines or none. Exit code 1: lines are faulty."""
    params = {"dry_run": "false" if apply else "true"}
    with _client(api, key_file) as client:
        where = f"/v1/registry/{kind}.csv"
        content = file.read_bytes()
        answer = client.ask("POST", where, content=content, params=params, accept=(422,))
        report = answer.json()
        if "created" not in report:
            raise click.ClickException(f"{file}: {report['detail']}")
    faults = report["faults"]
    if as_json:
        click.echo(json.dumps(report))
    else:
        for fault in faults:
            click.echo(f"{file}:{fault['line']}: {fault['detail']}", err=True)
        done = "imported" if apply and not faults else "nothing imported; it would be"
        click.echo(
            f"{done}: {report['created']} new, {report['changed']} changed, "
            f"{report['unchanged']} unchanged, {len(faults)} faulty lines"
        )
    if faults:
        raise SystemExit(1)


@main.group("config")
def config_group() -> None:
    """What boxes should run."""


@config_group.command("set")
@api_options
@click.argument("box")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--reason", required=True, help="Why; kept with the version.")
def config_set(api: str, key_file: Path | None, box: str, file: Path, reason: str) -> None:
    """Say in FILE (YAML) what BOX should run; it applies at once what it can."""
    from runtime.errors import ConfigError  # noqa: PLC0415 - keeps --help quick
    from runtime.yaml_document import load_document  # noqa: PLC0415 - as above

    try:
        body = load_document(file).data
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    with _client(api, key_file) as client:
        where = f"/v1/boxes/{box}/config"
        made = client.ask("PUT", where, body=body, params={"reason": reason}).json()
    click.echo(f"box {box}: version {made['version']}, {made['sha256'][:12]}")


@config_group.command("show")
@api_options
@_JSON
@click.argument("box")
def config_show(api: str, key_file: Path | None, as_json: bool, box: str) -> None:
    """Show what BOX should run and what it says it runs. Exit code 1: they differ."""
    with _client(api, key_file) as client:
        found = client.ask("GET", f"/v1/boxes/{box}/config").json()
    if as_json:
        click.echo(json.dumps(found))
    else:
        desired, reported = found["desired"], found["reported"]
        click.echo("desired:  " + ("its own file" if desired is None else _version(desired)))
        click.echo("reported: " + ("nothing" if reported is None else _version(reported)))
        for section, result in sorted(((reported or {}).get("sections") or {}).items()):
            click.echo(f"  {section}: {result}")
    if found["in_sync"] is False:
        raise SystemExit(1)


def _version(found: dict[str, Any]) -> str:
    return f"version {found['version']}, {found['sha256'][:12]}"


if __name__ == "__main__":
    main()
