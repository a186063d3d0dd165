"""Commands for mappings of orders: prove them, and try them on a document."""

import sys
from pathlib import Path

import click
import msgspec

from cloud_api.told_errors import errors_told

__all__ = ["orders"]

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def orders() -> None:
    """Orders of other systems: check a mapping, try it on a document."""


@orders.command("check")
@click.argument("names", nargs=-1)
@_JSON
def check(names: tuple[str, ...], *, as_json: bool) -> None:
    """Prove mappings by their golden messages; NAMES are shipped ones or files, default all shipped.

    Exit status 1 when a message does not come out as it should.
    """
    from cloud_api.orders.golden import check_mapping  # noqa: PLC0415 - --help stays quick
    from cloud_api.orders.mapping import (  # noqa: PLC0415 - as above
        MAPPING_FOLDER,
        load_mapping,
        mapping_path,
    )

    results: list[dict[str, object]] = []
    with errors_told():
        wanted = names or tuple(sorted(path.stem for path in MAPPING_FOLDER.glob("*.yaml")))
        for name in wanted:
            mapping = load_mapping(mapping_path(name))
            faults = check_mapping(mapping)
            results.append(
                {"mapping": mapping.mapping, "golden": len(mapping.golden), "faults": faults}
            )
    failed = any(result["faults"] for result in results)
    if as_json:
        click.echo(msgspec.json.encode({"mappings": results}).decode())
    else:
        for result in results:
            shown = result["faults"]
            assert isinstance(shown, list)
            click.echo(
                f"{result['mapping']}: {result['golden']} golden messages, "
                f"{len(shown)} faults" + "".join(f"\n  {fault}" for fault in shown)
            )
    sys.exit(1 if failed else 0)


@orders.command("try")
@click.argument("name")
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def try_mapping(name: str, document: Path) -> None:
    """Read DOCUMENT by the mapping NAME and print each canonical order as one JSON line.

    Nothing is stored. Exit status 1 when an item cannot be read.
    """
    from cloud_api.orders.golden import plain_order  # noqa: PLC0415 - --help stays quick
    from cloud_api.orders.mapping import load_mapping, mapping_path  # noqa: PLC0415 - as above
    from cloud_api.orders.reading import read_orders  # noqa: PLC0415 - as above

    with errors_told():
        mapping = load_mapping(mapping_path(name))
        found, unread = read_orders(mapping, document.read_bytes())
    for one in found:
        click.echo(msgspec.json.encode(plain_order(one)).decode())
    for each in unread:
        click.echo(f"item {each.position}: {each.why}", err=True)
    sys.exit(1 if unread else 0)
