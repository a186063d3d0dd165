"""``cityloop edge config``, ``check``, ``scene`` and ``schema``: what a configuration says and may say."""

from pathlib import Path

import click

from runtime.errors import ConfigError

__all__ = ["Failure", "check_command", "config_command", "scene_command", "schema_command"]


class Failure(click.ClickException):
    """One line on stderr and exit code 2: a person has to put something right."""

    exit_code = 2


@click.command("config")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("edge.yaml"),
    show_default=True,
    help="Configuration of the box.",
)
@click.option("--check", is_flag=True, help="Also load every model and open every recording.")
@click.option("--json", "as_json", is_flag=True, help="Print the configuration with all defaults.")
def config_command(config_path: Path, *, check: bool, as_json: bool) -> None:
    """Read the configuration and say what is wrong with it.

    Exit codes: 0 it can run, 2 it cannot.
    """
    import msgspec  # noqa: PLC0415

    from edge.config import load_edge_config  # noqa: PLC0415

    try:
        config = load_edge_config(config_path)
    except ConfigError as error:
        raise Failure(str(error)) from error
    if check:
        from edge.config_faults import config_faults  # noqa: PLC0415

        faults = config_faults(config_path, deep=True)
        if faults:
            raise Failure("\n".join(str(fault) for fault in faults))
    if as_json:
        click.echo(msgspec.json.encode(config).decode())
        return
    click.echo(
        f"{config_path}: {len(config.cameras)} cameras, {len(config.sensors)} sensors; it can run"
    )


@click.command("check")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=Path("edge.yaml"))
@click.option(
    "--deep",
    is_flag=True,
    help="Also load every model, face and plate networks too, and look for every recording.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON list of faults.")
def check_command(file: Path, *, deep: bool, as_json: bool) -> None:
    """Say everything that is wrong with a configuration: FILE:LINE:COLUMN: what, and what to do.

    FILE is edge.yaml unless named. Exit codes: 0 nothing is wrong, 2 something is.
    """
    import msgspec  # noqa: PLC0415

    from edge.config_faults import config_faults  # noqa: PLC0415

    faults = config_faults(file, deep=deep)
    if as_json:
        told = [
            {
                "file": fault.path,
                "line": fault.line,
                "column": fault.column,
                "message": fault.message,
            }
            for fault in faults
        ]
        click.echo(msgspec.json.encode(told).decode())
    elif faults:
        click.echo("\n".join(str(fault) for fault in faults), err=True)
    else:
        click.echo(f"{file}: nothing is wrong")
    if faults:
        raise SystemExit(2)


@click.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of edge.yaml, for editors.

    Save it and name it in the first line of edge.yaml: # yaml-language-server: $schema=edge.schema.json
    """
    import json  # noqa: PLC0415

    from edge.config_schema import edge_schema  # noqa: PLC0415

    click.echo(json.dumps(edge_schema(), ensure_ascii=False, indent=2))


@click.command("scene")
def scene_command() -> None:
    """Check zones, lines, masks and ground points of one camera, given as JSON on standard input.

    Reads {"scene": {"zones": [...], "lines": [...], "masks": [...], "calibration": [...]}, "width": W,
    "height": H} and prints {"faults", "ground", "areas_m2"}. Exit codes: 0 looked at, 2 not such JSON.
    """
    import sys  # noqa: PLC0415

    import msgspec  # noqa: PLC0415

    from edge.scene_check import SceneAsked, check_scene  # noqa: PLC0415

    try:
        asked = msgspec.json.decode(sys.stdin.buffer.read(), type=SceneAsked)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failure(f"standard input: {error}; see cityloop edge scene --help") from error
    click.echo(msgspec.json.encode(check_scene(asked)).decode())
