"""``cityloop edge config``: what a configuration says, and what is wrong with it."""

from pathlib import Path
from typing import Any

import click

from runtime.errors import ConfigError

__all__ = ["Failure", "config_command"]


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
        faults = _deep_check(config, config_path.resolve().parent)
        if faults:
            raise Failure("\n".join(faults))
    if as_json:
        click.echo(msgspec.json.encode(config).decode())
        return
    click.echo(
        f"{config_path}: {len(config.cameras)} cameras, {len(config.sensors)} sensors; it can run"
    )


def _deep_check(config: Any, folder: Path) -> list[str]:  # EdgeConfig is imported lazily
    """Return one line for each camera or sensor that would be refused at the start."""
    from edge.errors import EdgeError  # noqa: PLC0415
    from edge.perception_build import build_perception  # noqa: PLC0415
    from edge.sensors.config import ReplayConfig  # noqa: PLC0415
    from edge.sensors.replay import load_recording  # noqa: PLC0415

    faults: list[str] = []
    for camera in config.cameras:
        try:
            build_perception(camera, folder)
        except EdgeError as error:
            text = str(error)
            faults.append(text if "camera" in text else f"camera {camera.id!r}: {text}")
        if camera.source.file is not None and not (folder / camera.source.file).is_file():
            path = folder / camera.source.file
            faults.append(f"camera {camera.id!r}: {path} does not exist; check source.file")
    for sensor in config.sensors:
        if isinstance(sensor, ReplayConfig):
            try:
                load_recording(folder / sensor.file)
            except EdgeError as error:
                faults.append(str(error))
    return faults
