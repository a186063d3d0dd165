"""What the commands share: arguments, errors as one line, JSON as one line."""

from pathlib import Path
from typing import Any

import click
import msgspec

from cityloop.rules_tools.errors import PackRefused, RulesToolError

__all__ = ["MAPPING", "PACK", "PACKS", "ToolGroup", "echo_json", "read_key"]

_FILE = click.Path(path_type=Path, exists=True)

PACKS = click.argument("packs", nargs=-1, required=True, type=_FILE, metavar="PACK…")
PACK = click.argument("pack", type=_FILE)
MAPPING = click.option(
    "--mapping",
    "mapping_text",
    help="What a table's columns mean: a YAML file, or YAML like '{at: time, fields: {depth_m: h}}'.",
)


class ToolGroup(click.Group):
    """Turns what is wrong with packs and data into lines on the error stream and exit code 2.

    A pack that does not compile exits with 1, as its check does.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except PackRefused as error:
            click.echo(str(error), err=True)
            raise SystemExit(1) from error
        except RulesToolError as error:
            click.echo(f"Error: {error}", err=True)
            raise SystemExit(2) from error


def echo_json(value: object) -> None:
    """Print one JSON document in one line."""
    click.echo(msgspec.json.encode(value))


def read_key(texts: tuple[str, ...]) -> dict[str, str]:
    """Return a key written like ``subject=uw-01``.

    Raises:
        RulesToolError: not of this form.
    """
    key: dict[str, str] = {}
    for part in (part for text in texts for part in text.split(",")):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not name or not equals or not value:
            raise RulesToolError(f"--key {part[:40]!r}: expected name=value, like subject=uw-01")
        key[name] = value
    return key
