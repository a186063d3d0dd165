"""The API's command line: ``python -m cloud_api``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from cloud_api.audit.commands import audit
from cloud_api.city_commands import grid, responsibility
from cloud_api.console.commands import console
from cloud_api.evaluation_command import evaluate
from cloud_api.notice_commands import notify
from cloud_api.order_commands import orders
from cloud_api.people.commands import SCOPE_OPTIONS, scope_of, users
from cloud_api.secret_commands import secrets
from cloud_api.told_errors import errors_told
from cloud_api.wording.commands import wording

if TYPE_CHECKING:
    from cloud_api.config import ApiConfig

__all__ = ["main"]

_CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="YAML file; without it every default holds (docs/cloud_api.md).",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def _load(path: Path | None) -> "ApiConfig":
    from cloud_api.config import ApiConfig  # noqa: PLC0415 - --help must not wait for SQLAlchemy
    from runtime.yaml_document import load_config  # noqa: PLC0415 - as above

    return ApiConfig() if path is None else load_config(path, ApiConfig)


@click.group()
def main() -> None:
    """The central API: takes events in, opens cases, lets people act on them.

    \b
    Examples:
      cityloop api init
      cityloop api keys create --role operator --name ann
      cityloop api users add ann --role operator --district futian
      cityloop api serve
      cityloop api evaluate 2026-Q4 --plot quarter.png
    """


@main.command()
@_CONFIG
@click.option("--host", help="Instead of the configured address.")
@click.option("--port", type=click.IntRange(0, 65535), help="Instead of the configured port.")
def serve(config_path: Path | None, host: str | None, port: int | None) -> None:
    """Serve the API until SIGTERM; makes or upgrades the database first."""
    from cloud_api import bootstrap, service  # noqa: PLC0415 - --help must not wait for FastAPI
    from cloud_api.privacy.log_masking import mask_log  # noqa: PLC0415 - as above
    from runtime.clock import build_clock  # noqa: PLC0415 - as above
    from runtime.logging import configure_logging  # noqa: PLC0415 - as above

    with errors_told():
        config = _load(config_path)
        config = msgspec.structs.replace(
            config,
            host=config.host if host is None else host,
            port=config.port if port is None else port,
        )
        configure_logging("cloud_api", config.log_level, [mask_log])
        api = bootstrap.build(config, build_clock(config.clock))
        try:
            service.serve(api.app, config)
        finally:
            api.close()


@main.command()
@_CONFIG
@_JSON
def init(config_path: Path | None, as_json: bool) -> None:
    """Make the database and print the first admin key, once."""
    from cloud_api.bootstrap import open_database  # noqa: PLC0415 - --help stays quick
    from cloud_api.keys import KeyRing  # noqa: PLC0415 - as above
    from cloud_api.migrate import upgrade  # noqa: PLC0415 - as above
    from runtime.clock import build_clock  # noqa: PLC0415 - as above

    with errors_told():
        config = _load(config_path)
        store = open_database(config)
        version = upgrade(store)
        made = KeyRing(store, cache_s=0.0).create_first_admin(build_clock(config.clock).now())
        store.dispose()
    token = None if made is None else made[1]
    if as_json:
        click.echo(msgspec.json.encode({"schema": version, "admin_key": token}).decode())
    elif token is None:
        click.echo(f"database at schema {version}; an admin key exists already")
    else:
        click.echo(f"database at schema {version}; the first admin key, shown only now:")
        click.echo(token)


@main.command()
@_CONFIG
def migrate(config_path: Path | None) -> None:
    """Bring the database to this program's schema; safe to run twice, and by two at once."""
    from cloud_api.bootstrap import open_database  # noqa: PLC0415 - --help stays quick
    from cloud_api.migrate import upgrade  # noqa: PLC0415 - as above

    with errors_told():
        store = open_database(_load(config_path))
        click.echo(f"database at schema {upgrade(store)}")
        store.dispose()


@main.command()
@_CONFIG
@_JSON
def rebuild(config_path: Path | None, as_json: bool) -> None:
    """Make events and cases again from the two logs; exit status 1 when they had gone astray."""
    from rich.console import Console  # noqa: PLC0415 - --help stays quick
    from rich.progress import Progress  # noqa: PLC0415 - as above

    from cloud_api.bootstrap import open_database  # noqa: PLC0415 - as above
    from cloud_api.flow_choice import load_flows  # noqa: PLC0415 - as above
    from cloud_api.rebuild import rebuild as make_again  # noqa: PLC0415 - as above

    with errors_told():
        config = _load(config_path)
        store = open_database(config)
        with Progress(console=Console(stderr=True), transient=True, disable=as_json) as bar:
            task = bar.add_task("log entries", total=None)
            flows = load_flows(config.flow, config.flow_choices)
            report = make_again(
                store,
                flows,
                lambda done: bar.advance(task, done),
                utc_offset_minutes=config.utc_offset_minutes,
            )
        store.dispose()
    same = report.digest_before == report.digest_after
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        click.echo(
            f"{report.events} events from {report.revisions} revisions, {report.cases} cases from "
            f"{report.records} records: "
            + ("as they were" if same else "they had gone astray and are mended")
        )
    sys.exit(0 if same else 1)


@main.group()
def keys() -> None:
    """API keys: create, list, revoke."""


@keys.command("create")
@_CONFIG
@_JSON
@click.option("--name", required=True, help="Who uses it; the case log calls him so.")
@click.option(
    "--role",
    required=True,
    type=click.Choice(["gateway", "box", "hub", "app", "operator", "reader", "auditor", "admin"]),
    help="What the key may do.",
)
@SCOPE_OPTIONS[0]
@SCOPE_OPTIONS[1]
@SCOPE_OPTIONS[2]
def keys_create(
    config_path: Path | None,
    as_json: bool,
    name: str,
    role: str,
    districts: tuple[str, ...],
    departments: tuple[str, ...],
    grids: tuple[str, ...],
) -> None:
    """Make a key and print it, once."""
    from cloud_api.bootstrap import open_database  # noqa: PLC0415 - --help stays quick
    from cloud_api.keys import KeyRing, Role  # noqa: PLC0415 - as above
    from runtime.clock import build_clock  # noqa: PLC0415 - as above

    with errors_told():
        config = _load(config_path)
        store = open_database(config)
        now = build_clock(config.clock).now()
        info, token = KeyRing(store, cache_s=0.0).create(
            name, Role(role), now, scope_of(districts, departments, grids)
        )
        store.dispose()
    if as_json:
        sent = {"key_id": info.key_id, "name": name, "role": role, "key": token}
        click.echo(msgspec.json.encode(sent).decode())
    else:
        click.echo(token)


@keys.command("list")
@_CONFIG
@_JSON
def keys_list(config_path: Path | None, as_json: bool) -> None:
    """List keys, never their secrets."""
    from cloud_api.bootstrap import open_database  # noqa: PLC0415 - --help stays quick
    from cloud_api.instants import iso  # noqa: PLC0415 - as above
    from cloud_api.keys import KeyRing  # noqa: PLC0415 - as above

    with errors_told():
        store = open_database(_load(config_path))
        found = KeyRing(store, cache_s=0.0).list()
        store.dispose()
    listed = [
        {
            "key_id": info.key_id,
            "name": info.name,
            "role": info.role,
            "created_at": iso(info.created_at_us),
            "revoked_at": iso(info.revoked_at_us),
        }
        for info in found
    ]
    if as_json:
        click.echo(msgspec.json.encode(listed).decode())
        return
    for item in listed:
        state = f"revoked {item['revoked_at']}" if item["revoked_at"] else "valid"
        click.echo(f"{item['key_id']}  {item['role']:<8}  {item['name']}  {state}")


@keys.command("revoke")
@_CONFIG
@click.argument("key_id")
def keys_revoke(config_path: Path | None, key_id: str) -> None:
    """Make a key worthless; running servers notice within key_cache_s."""
    from cloud_api.bootstrap import open_database  # noqa: PLC0415 - --help stays quick
    from cloud_api.keys import KeyRing  # noqa: PLC0415 - as above
    from runtime.clock import build_clock  # noqa: PLC0415 - as above

    with errors_told():
        config = _load(config_path)
        store = open_database(config)
        KeyRing(store, cache_s=0.0).revoke(key_id, build_clock(config.clock).now())
        store.dispose()
    click.echo(f"key {key_id} is revoked")


main.add_command(responsibility)
main.add_command(grid)
main.add_command(audit)
main.add_command(notify)
main.add_command(users)
main.add_command(secrets)
main.add_command(orders)
main.add_command(evaluate)
main.add_command(console)
main.add_command(wording)

if __name__ == "__main__":
    main()
