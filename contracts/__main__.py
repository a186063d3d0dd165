"""Command line of the wire vocabulary: write or check the generated schemas."""

from pathlib import Path

import click

from contracts.codec import decode_message
from contracts.errors import MessageError
from contracts.schema import generated_files

__all__ = ["main"]

_HERE = Path(__file__).resolve().parent


@click.group()
def main() -> None:
    """JSON Schema, AsyncAPI and golden examples of the wire."""


_folder = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=_HERE,
    show_default="the package",
    help="Where schemas/ and asyncapi.yaml lie.",
)


@main.command()
@_folder
def write(folder: Path) -> None:
    """Write schemas/*.json and asyncapi.yaml anew from the Structs."""
    for name, text in generated_files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        click.echo(f"wrote {name}")


@main.command()
@_folder
def check(folder: Path) -> None:
    """Exit 1 when a generated file is missing, differs or is left over; say which and what to do."""
    wanted = generated_files()
    stale = [
        name
        for name, text in wanted.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]
    stale += [
        f"schemas/{path.name} (no such message)"
        for path in sorted((folder / "schemas").glob("*.json"))
        if f"schemas/{path.name}" not in wanted
    ]
    for name in stale:
        click.echo(f"{name}: not what the Structs say; run `python -m contracts write`", err=True)
    if stale:
        raise SystemExit(1)
    click.echo(f"{len(wanted)} generated files are up to date")


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def validate(files: tuple[Path, ...]) -> None:
    """Exit 1 when a file does not hold one wire message; prints the type of each that does."""
    failed = False
    for path in files:
        try:
            message = decode_message(path.read_bytes())
        except MessageError as error:
            click.echo(f"{path}: {error}", err=True)
            failed = True
        else:
            click.echo(f"{path}: {message.__struct_config__.tag}")
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main(prog_name="python -m contracts")
