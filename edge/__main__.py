"""Command line of the box: run, check the configuration, replay a video."""

import json
import os
import sqlite3
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.config_commands import (
    Failure,
    check_command,
    config_command,
    scene_command,
    schema_command,
)
from edge.doctor.commands import doctor
from edge.evidence.commands import release
from edge.setup_page.commands import init
from edge.tune.commands import tune
from runtime.errors import ConfigError, RuntimeFault

if TYPE_CHECKING:
    from edge.camera_config import CameraConfig
    from edge.replay import ReplayResult

__all__ = ["main"]

_CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("edge.yaml"),
    show_default=True,
    help="Configuration of the box.",
)


@click.group(invoke_without_command=True)
@_CONFIG
@click.version_option(package_name="cityloop", prog_name="edge")
@click.pass_context
def main(context: click.Context, config_path: Path) -> None:
    """The edge box: cameras and sensors in, durable messages out.

    Without a command it runs.

    \b
    Examples:
      cityloop edge init rtsp://camera/stream
      cityloop edge check edge.yaml
      cityloop edge doctor --config edge.yaml
      cityloop edge replay clip.mp4 --detector background --annotate seen.mp4
      cityloop edge run --config edge.yaml
    """
    # named before the command, it holds for the command as well
    context.default_map = {name: {"config_path": str(config_path)} for name in main.commands}
    if context.invoked_subcommand is None:
        context.invoke(run, config_path=config_path)


@main.command()
@_CONFIG
def run(config_path: Path) -> None:
    """Run the box until SIGTERM or SIGINT, or until every recording is over.

    SIGHUP reads the configuration again and applies what can be while it runs.

    Exit codes: 0 stopped in order, 2 the configuration or the outbox needs a person.
    """
    from edge.bootstrap import build  # noqa: PLC0415 - decoding and inference take time to import
    from edge.config import load_edge_config  # noqa: PLC0415
    from runtime.logging import configure_logging  # noqa: PLC0415
    from runtime.process import call_on_hangup, stop_on_signals  # noqa: PLC0415

    try:
        config = load_edge_config(config_path)
        if config.hub is None:
            raise ConfigError(str(config_path), 1, 1, "hub is missing; name the MQTT broker there")
        configure_logging("edge", config.log_level)
        agent = build(
            config,
            config_path.resolve().parent,
            reload=lambda: load_edge_config(config_path),
            environment=os.environ,
        )
    except (RuntimeFault, ValueError) as error:
        raise Failure(str(error)) from error
    except (OSError, sqlite3.Error) as error:
        raise Failure(
            f"{config_path}: outbox.path, evidence.path or local.port: {error}"
        ) from error
    with stop_on_signals() as stop, call_on_hangup(agent.reload_soon):
        try:
            agent.run(stop)
        except RuntimeFault as error:
            raise Failure(str(error)) from error


@main.command("enrol")
@_CONFIG
@click.option("--token", required=True, help="The one-time token, or @FILE that holds it.")
@click.option("--api", required=True, help="Base address of the API.")
@click.option("--api-ca", help="Certificates to trust at the API. Default: the usual ones.")
@click.option(
    "--hub", default="127.0.0.1:1883", show_default=True, help="Hub, for a first configuration."
)
@click.option("--hub-ca", help="Certificates to trust at the hub, for a first configuration.")
@click.option("--hub-cert", help="Certificate of this box, where the hub asks for one.")
@click.option("--hub-key", help="Its key.")
def enrol_command(
    config_path: Path,
    token: str,
    api: str,
    api_ca: str | None,
    hub: str,
    hub_ca: str | None,
    hub_cert: str | None,
    hub_key: str | None,
) -> None:
    """Take a one-time token for this box's login at the hub and its key at the API.

    Writes hub.password and api.key beside the configuration, and a first configuration where there
    is none. Exit codes: 0 enrolled, 2 not.
    """
    from edge.enrolment import HubTrust, enrol  # noqa: PLC0415
    from edge.errors import EdgeError  # noqa: PLC0415

    try:
        if token.startswith("@"):
            token = Path(token[1:]).read_text(encoding="utf-8").strip()
        trust = HubTrust(ca=hub_ca, cert=hub_cert, key=hub_key)
        enrolled, written = enrol(config_path, token, api=api, hub=hub, trust=trust, api_ca=api_ca)
    except (EdgeError, RuntimeFault, OSError, ValueError) as error:
        raise Failure(str(error)) from error
    click.echo(f"enrolled as box {enrolled.box} of {enrolled.district}/{enrolled.site}; wrote:")
    for path in written:
        click.echo(f"  {path}")


@main.command()
@_CONFIG
@click.option("--camera", "camera_id", help="Camera of the configuration. Default: the first.")
@click.option(
    "--frame",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Picture or video to take the frame from. Default: the camera itself.",
)
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the frame with a grid of metres, as PNG.",
)
@click.option(
    "--step",
    "step_m",
    type=click.FloatRange(0.1, 1000.0),
    default=5.0,
    show_default=True,
    help="Side of the grid's cells, metres.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def calibrate(
    config_path: Path,
    camera_id: str | None,
    frame: Path | None,
    picture: Path | None,
    step_m: float,
    *,
    as_json: bool,
) -> None:
    """Say how well a camera's calibration fits, and draw it.

    Exit codes: 0 it fits, 2 there is none, it cannot be used, or no frame can be had.
    """
    import cv2  # noqa: PLC0415
    import msgspec  # noqa: PLC0415

    from edge.analytics.calibration import CalibrationError  # noqa: PLC0415
    from edge.bootstrap import camera_address  # noqa: PLC0415
    from edge.calibration_report import (  # noqa: PLC0415
        draw_grid,
        first_picture,
        lines_of,
        report_on,
    )
    from edge.errors import EdgeError  # noqa: PLC0415

    try:
        camera = _chosen(config_path, camera_id, None, None)
        if not camera.calibration:
            raise Failure(
                f"camera {camera.id!r} has no calibration; name four points or more there"
            )
        folder = config_path.resolve().parent
        address = camera_address(camera.source, folder) if frame is None else frame
        pixels = first_picture(camera.id, address)
        height, width = pixels.shape[:2]
        report = report_on(camera, aspect=width / height)
    except (EdgeError, RuntimeFault, CalibrationError, OSError) as error:
        raise Failure(str(error)) from error
    if picture is not None and not cv2.imwrite(
        str(picture), draw_grid(pixels, camera, step_m=step_m)
    ):
        raise Failure(
            f"{picture}: could not be written; expected a .png or .jpg in a folder that is there"
        )
    if as_json:
        click.echo(msgspec.json.encode(report))
        return
    click.echo("\n".join(lines_of(report)))


@main.command()
@click.argument("video", type=click.Path(path_type=Path, dir_okay=False))
@_CONFIG
@click.option("--camera", "camera_id", help="Camera of the configuration. Default: the first.")
@click.option("--model", type=click.Path(path_type=Path), help="ONNX file in place of its own.")
@click.option(
    "--detector",
    "kind",
    type=click.Choice(["onnx", "background"]),
    help="Detector in place of the camera's own.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--mot", type=click.Path(path_type=Path), help="Write the tracks as MOTChallenge text."
)
@click.option("--annotate", type=click.Path(path_type=Path), help="Write a video that shows it.")
def replay(
    video: Path,
    config_path: Path,
    camera_id: str | None,
    model: Path | None,
    kind: str | None,
    *,
    as_json: bool,
    mot: Path | None,
    annotate: Path | None,
) -> None:
    """Run VIDEO through one camera's zones and lines, as fast as it goes; needs no hub.

    Exit codes: 0 read to its end, 1 the video broke off (what was found is printed), 2 the video,
    the model or the configuration cannot be used.
    """
    from edge.errors import EdgeError  # noqa: PLC0415
    from edge.perception_build import build_perception  # noqa: PLC0415
    from edge.replay import Replay  # noqa: PLC0415

    try:
        camera = _chosen(config_path, camera_id, model, kind)
        # paths given here start where the user is, those in the file where the file is
        folder = config_path.resolve().parent
        job = Replay(video, camera, build_perception(camera, folder))
        with ExitStack() as stack:
            result = job.run(_watcher(stack, video, camera, annotate, quiet=as_json))
    except (EdgeError, RuntimeFault, OSError) as error:
        raise Failure(str(error)) from error
    if mot is not None:
        mot.write_text("".join(f"{line}\n" for line in job.mot_lines()), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False))
    else:
        _print_tables(result)
    if result.fault is not None:
        click.echo(f"Error: {result.fault}", err=True)
        sys.exit(1)


def _chosen(
    config_path: Path, camera_id: str | None, model: Path | None, kind: str | None
) -> "CameraConfig":
    """Return the camera to replay, with the detector that the options ask for."""
    from msgspec.structs import replace  # noqa: PLC0415

    from edge.camera_config import BackgroundConfig, OnnxConfig  # noqa: PLC0415
    from edge.config import load_edge_config  # noqa: PLC0415

    config = load_edge_config(config_path)
    named = {camera.id: camera for camera in config.cameras}
    if not named:
        raise Failure(f"{config_path}: names no camera; expected at least one under cameras")
    camera = named.get(camera_id or config.cameras[0].id)
    if camera is None:
        raise Failure(f"{config_path}: no camera {camera_id!r}; it has {', '.join(named)}")
    if model is not None and kind == "background":
        raise Failure("--model and --detector background exclude each other; keep one")
    own = camera.detector
    if model is not None:
        path = str(model.resolve())
        onnx = replace(own, model=path) if isinstance(own, OnnxConfig) else OnnxConfig(model=path)
        return replace(camera, detector=onnx)
    if kind == "onnx" and not isinstance(own, OnnxConfig):
        raise Failure(f"camera {camera.id!r} has no model; name one with --model")
    if kind == "background" and not isinstance(own, BackgroundConfig):
        return replace(camera, detector=BackgroundConfig())
    return camera


def _watcher(
    stack: ExitStack, video: Path, camera: "CameraConfig", annotate: Path | None, *, quiet: bool
) -> Any:  # a callback, or None
    """Return what follows the replay: a progress bar, an annotated video, both or neither."""
    advance = None if quiet else _progress(stack, video)
    if annotate is None:
        return None if advance is None else lambda percept, _scene, _result: advance(percept)
    from edge.annotation import AnnotatedVideo, draw  # noqa: PLC0415

    writer = stack.enter_context(AnnotatedVideo(annotate))

    def watch(percept: Any, scene: Any, result: Any) -> None:
        writer.write(draw(percept, scene, camera, result), percept.frame.pts_s)
        if advance is not None:
            advance(percept)

    return watch


def _progress(stack: ExitStack, video: Path) -> Any:
    """Show a progress bar on stderr; returns what moves it."""
    import av  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    total: float | None = None
    try:
        with av.open(str(video)) as container:
            total = None if container.duration is None else container.duration / 1e6
    except (av.FFmpegError, OSError):
        # the replay itself says what is wrong with the file
        return None
    progress = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
    task = progress.add_task(video.name, total=total)
    return lambda percept: progress.update(task, completed=percept.frame.pts_s)


def _print_tables(result: "ReplayResult") -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console()
    counted = ", ".join(f"{count} {name}" for name, count in result.frames.items() if count)
    console.print(
        f"{result.video}: frames {counted}; {result.fps:.0f} frames/s; {result.tracks} tracks"
    )
    crossings = Table("line", "class", "forward", "backward", title="Crossings")
    for line in result.lines:
        total = result.totals(line)
        crossings.add_row(line, "all", str(total["forward"]), str(total["backward"]), style="bold")
        for label, ways in result.by_class(line).items():
            crossings.add_row("", label, str(ways["forward"]), str(ways["backward"]))
    console.print(crossings)
    stays = Table("zone", "track", "class", "stay", title="Stays in zones")
    for stay in result.stays:
        stays.add_row(stay.zone, str(stay.track), stay.label, f"{stay.dwell_s:.1f} s")
    console.print(stays)


for command in (
    init, doctor, config_command, check_command, scene_command, schema_command, release, tune,
):  # fmt: skip
    main.add_command(command)


if __name__ == "__main__":
    main()
