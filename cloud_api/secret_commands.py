"""Commands about master keys: rotate them, and bring what is sealed under the present one."""

import sys
from pathlib import Path

import click

from cloud_api.told_errors import errors_told

__all__ = ["secrets"]

_CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The API's YAML file.",
)


@click.group()
def secrets() -> None:
    """Master keys: rotate, seal again."""


@secrets.command()
@_CONFIG
def rotate(config_path: Path | None) -> None:
    """Put a new master key in front; restart the servers, then `secrets reseal`."""
    from cloud_api.config import keys_path, load_api_config  # noqa: PLC0415 - --help stays quick
    from cloud_api.privacy.keybook import rotate as put_in_front  # noqa: PLC0415 - as above

    with errors_told():
        config = load_api_config(config_path)
        if config.keys_env is not None:
            click.echo("Error: keys_env holds the keys: put a new line in front there", err=True)
            sys.exit(2)
        click.echo(put_in_front(keys_path(config)))


@secrets.command()
@_CONFIG
def reseal(config_path: Path | None) -> None:
    """Wrap every key of evidence and persons with the present master key; former ones can go then."""
    from cloud_api.audit.opening import open_audit  # noqa: PLC0415 - --help stays quick
    from cloud_api.config import load_api_config, open_keybook  # noqa: PLC0415 - as above
    from cloud_api.evidence_store import EvidenceStore  # noqa: PLC0415 - as above
    from cloud_api.privacy.vault import Vault  # noqa: PLC0415 - as above

    with errors_told():
        config = load_api_config(config_path)
        book = open_keybook(config)
        store = open_audit(config).store
        files = EvidenceStore(
            store,
            Path(config.evidence_dir),
            book,
            item_bytes=config.evidence_item_bytes,
            budget_bytes=config.evidence_budget_bytes,
        )
        persons, items = Vault(store, book).rewrap(), files.seal_again()
        store.dispose()
    click.echo(f"{items} items of evidence and {persons} keys of persons were brought along")
