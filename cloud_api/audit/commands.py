"""Commands about the audit log: verify, show, key, witness."""

import sys
from pathlib import Path

import click
import msgspec

from cloud_api.told_errors import errors_told

__all__ = ["audit"]

_CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The API's YAML file.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def audit() -> None:
    """The audit log: verify it, show it, witness it."""


@audit.command()
@_CONFIG
@_JSON
@click.option(
    "--heads",
    "places",
    multiple=True,
    help="Path or address of kept heads, instead of the configured ones; may be repeated.",
)
@click.option(
    "--public-key",
    "public_keys",
    multiple=True,
    help="Believe only this key (from `audit key`), not those of the book of keys.",
)
def verify(
    config_path: Path | None,
    as_json: bool,
    places: tuple[str, ...],
    public_keys: tuple[str, ...],
) -> None:
    """Examine every line against the chain and the signed heads; exit status 1 for any flaw."""
    from cloud_api.audit.anchors import open_anchor  # noqa: PLC0415 - --help stays quick
    from cloud_api.audit.examination import examine  # noqa: PLC0415 - as above
    from cloud_api.audit.heads import PublicKeys, parse_public_key  # noqa: PLC0415 - as above
    from cloud_api.audit.opening import audit_places, open_audit  # noqa: PLC0415 - as above
    from cloud_api.config import load_api_config  # noqa: PLC0415 - as above

    with errors_told():
        config = load_api_config(config_path)
        opened = open_audit(config)
        keys = (
            PublicKeys(map(parse_public_key, public_keys))
            if public_keys
            else opened.signer.public_keys()
        )
        chosen = places or audit_places(config)
        heads = [
            head
            for place in chosen
            for head in open_anchor(place, config.audit_witness_token_env).heads()
        ]
        report = examine(opened.ledger.lines(), heads, keys)
        opened.store.dispose()
    if as_json:
        click.echo(msgspec.json.encode(report._asdict()).decode())
    else:
        for finding in report.findings:
            click.echo(f"{finding.flaw}: {finding.detail}")
        click.echo(
            f"{report.lines} lines, {report.heads} heads, signed through line "
            f"{report.anchored_through}: {report.flaws or 'no'} flaws"
        )
    sys.exit(1 if report.flaws else 0)


@audit.command()
@_CONFIG
@click.option(
    "--limit",
    default=50,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="Most lines to print.",
)
@click.option("--actor", help="Only lines of this actor, as key:… or user:….")
def show(config_path: Path | None, limit: int, actor: str | None) -> None:
    """Print the newest lines as JSON, one a line, with personal fields opened."""
    from cloud_api.audit.entry import decode_entry  # noqa: PLC0415 - --help stays quick
    from cloud_api.audit.ledger import AuditFilter  # noqa: PLC0415 - as above
    from cloud_api.audit.opening import open_audit  # noqa: PLC0415 - as above
    from cloud_api.config import load_api_config  # noqa: PLC0415 - as above

    with errors_told():
        opened = open_audit(load_api_config(config_path))
        for line in opened.ledger.newest(AuditFilter(actor), before=None, limit=limit):
            entry = decode_entry(line.body)
            shown = msgspec.to_builtins(entry) | {"personal": opened.ledger.personal(entry)}
            del shown["sealed"]
            click.echo(msgspec.json.encode(shown).decode())
        opened.store.dispose()


@audit.command()
@_CONFIG
def key(config_path: Path | None) -> None:
    """Print the public key that heads are signed with; keep it where nobody else can change it."""
    from cloud_api.audit.heads import HeadSigner  # noqa: PLC0415 - --help stays quick
    from cloud_api.config import load_api_config, open_keybook  # noqa: PLC0415 - as above

    with errors_told():
        click.echo(HeadSigner(open_keybook(load_api_config(config_path))).public_key)


@audit.command()
@click.option(
    "--file",
    "path",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the heads are kept.",
)
@click.option(
    "--public-key",
    "public_keys",
    multiple=True,
    required=True,
    help="Key that heads must be signed with (from `audit key`); again for more.",
)
@click.option("--token-env", required=True, help="Environment variable with the callers' token.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8090,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
def witness(path: Path, public_keys: tuple[str, ...], token_env: str, host: str, port: int) -> None:
    """Run a second party that keeps heads and refuses contradicting ones; no database is needed."""
    import uvicorn  # noqa: PLC0415 - --help stays quick

    from cloud_api.audit.anchors import FileAnchor  # noqa: PLC0415 - as above
    from cloud_api.audit.heads import PublicKeys, parse_public_key  # noqa: PLC0415 - as above
    from cloud_api.audit.witness import witness_app  # noqa: PLC0415 - as above
    from runtime.logging import configure_logging  # noqa: PLC0415 - as above
    from runtime.secret import read_secret  # noqa: PLC0415 - as above

    with errors_told():
        configure_logging("audit_witness")
        token = read_secret(None, token_env, "audit witness") or ""
        keys = PublicKeys(map(parse_public_key, public_keys))
        app = witness_app(FileAnchor(path), keys, token)
        uvicorn.run(app, host=host, port=port, log_config=None, server_header=False)
