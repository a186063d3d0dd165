"""Commands about the console: console build, node, openapi."""

import sys
from pathlib import Path

import click

from cloud_api.errors import ApiError

__all__ = ["console"]


@click.group()
def console() -> None:
    """The console's pages: build them, or write what their types are generated from."""


@console.command("build")
@click.option(
    "--optional",
    is_flag=True,
    help="Leave with status 0 where it cannot be built; the API works without it.",
)
def console_build(optional: bool) -> None:
    """Build the pages that the API serves under /console/."""
    from cloud_api.console.building import build_console  # noqa: PLC0415 - --help stays quick

    try:
        folder = build_console(lambda step: click.echo(f"console: {step}", err=True))
    except ApiError as error:
        word = "skipped" if optional else "error"
        click.echo(f"console: {word}: {error}", err=True)
        sys.exit(0 if optional else 2)
    click.echo(f"console: built in {folder}")


@console.command("node")
def console_node() -> None:
    """Print the Node that the pages would be built with; exit status 1 without one."""
    from cloud_api.console.building import find_node  # noqa: PLC0415 - --help stays quick

    found = find_node()
    if found is None:
        click.echo("console: no Node 20.19 or newer", err=True)
        sys.exit(1)
    click.echo(found.node)


@console.command("openapi")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def console_openapi(path: Path) -> None:
    """Write the API's OpenAPI document to a file; no server is needed."""
    import json  # noqa: PLC0415 - --help stays quick

    from cloud_api.console.openapi_document import openapi_document  # noqa: PLC0415 - as above

    path.write_text(json.dumps(openapi_document(), indent=1) + "\n", encoding="utf-8")
    click.echo(f"wrote {path}")
