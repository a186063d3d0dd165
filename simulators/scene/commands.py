"""``cityloop sim scene``, ``shots`` and ``camera``: drawn streets in files, and one that speaks RTSP."""

import shutil
import tempfile
from pathlib import Path

import click

from runtime.picture_options import shot_options, size_option
from simulators.duration import parse_duration

__all__ = ["camera", "scene", "shots"]

_DRAWN_HZ = 10


def _seconds(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx=ctx, param=param) from error


@click.command()
@click.argument("name")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--seconds",
    type=click.FloatRange(1.0, 3600.0),
    default=30.0,
    show_default=True,
    help="How long the scene is.",
)
@click.option(
    "--fps", type=click.IntRange(1, 60), default=10, show_default=True, help="Frames a second."
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Of the traffic and the people.",
)
@size_option
@click.option(
    "--coco", type=click.Path(path_type=Path, dir_okay=False), help="Labels as COCO JSON."
)
@click.option(
    "--mot", type=click.Path(path_type=Path, dir_okay=False), help="Labels as MOTChallenge text."
)
@click.option(
    "--truth",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Labels with places and speeds, JSON, frame by frame.",
)
def scene(
    name: str,
    out: Path,
    seconds: float,
    fps: int,
    seed: int,
    size: tuple[int, int],
    coco: Path | None,
    mot: Path | None,
    truth: Path | None,
) -> None:
    """Draw the street scene NAME through a pinhole camera into the video OUT (.mp4).

    NAME is fire-lane, kerb, market, square, street-day, street-glare, street-night or street-rain.
    """
    from msgspec.structs import replace  # noqa: PLC0415 - keeps --help quick
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from simulators.errors import SimulatorError  # noqa: PLC0415
    from simulators.scene.recording import (  # noqa: PLC0415
        coco_of,
        mot_lines,
        record_scene,
        write_json,
    )
    from simulators.scene.street_camera import SCENES, StreetCamera, scene_setting  # noqa: PLC0415

    if name not in SCENES:
        raise click.ClickException(
            f"scene {name!r} is unknown: expected one of {', '.join(SCENES)}"
        )
    setting = scene_setting(name)
    width, height = size
    try:
        setting = replace(setting, camera=replace(setting.camera, width=width, height=height))
        with Progress(transient=True, console=Console(stderr=True)) as progress:
            task = progress.add_task("drawing", total=None)
            done = record_scene(
                StreetCamera(setting, seed, fps=float(fps)),
                out,
                seconds=seconds,
                fps=fps,
                progress=lambda part, total: progress.update(task, completed=part, total=total),
            )
        if coco is not None:
            write_json(coco, coco_of(done.labels, width=width, height=height))
        if mot is not None:
            mot.write_text(
                "".join(f"{line}\n" for line in mot_lines(done.labels)), encoding="utf-8"
            )
        if truth is not None:
            write_json(truth, {"scene": name, "seed": seed, "fps": fps, "frames": done.labels})
    except (SimulatorError, OSError) as error:
        raise click.ClickException(str(error)) from error
    boxes = sum(len(found) for found in done.labels)
    click.echo(f"{out}: {done.clip.frames} frames at {fps} fps, {done.clip.encoder}, {boxes} boxes")


@click.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@shot_options(seed_of="the traffic and the people", per_scene=12, scene="street and camera")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def shots(
    out: Path, count: int, seed: int, size: tuple[int, int], per_scene: int,
    emphasis: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Draw COUNT pictures of streets of all sorts, with labels, into the folder OUT.

    They are for teaching a detector: OUT/images/000001.jpg and so on, and OUT/labels.json (COCO).
    """
    import cv2  # noqa: PLC0415 - keeps --help quick
    import msgspec  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from simulators.scene.emphasis import Emphasis  # noqa: PLC0415
    from simulators.scene.recording import write_json  # noqa: PLC0415
    from simulators.scene.shots import coco_of_shots, draw_shots  # noqa: PLC0415

    # cameras compress more or less
    quality = np.random.Generator(np.random.Philox(key=seed)).integers(55, 96, count)
    found = []
    try:
        (out / "images").mkdir(parents=True, exist_ok=True)
        with Progress(transient=True, console=Console(stderr=True)) as progress:
            task = progress.add_task("drawing", total=count)
            drawn = draw_shots(
                seed,
                count,
                size=size,
                per_scene=per_scene,
                emphasis=[Emphasis(one) for one in emphasis],
            )
            for number, shot in enumerate(drawn):
                name = f"images/{number + 1:06}.jpg"
                encoded = cv2.imencode(
                    ".jpg", shot.picture, (cv2.IMWRITE_JPEG_QUALITY, int(quality[number]))
                )[1]
                (out / name).write_bytes(encoded.tobytes())
                found.append((name, shot.scene, shot.light, shot.labels))
                progress.advance(task)
        write_json(out / "labels.json", coco_of_shots(found, size))
    except OSError as error:
        raise click.ClickException(str(error)) from error
    boxes = sum(label.counts for _, _, _, labels in found for label in labels)
    scenes = len({scene for _, scene, _, _ in found})
    if as_json:
        facts = {"pictures": count, "scenes": scenes, "boxes": boxes}
        click.echo(msgspec.json.encode(facts).decode())
    else:
        click.echo(f"{out}: {count} pictures of {scenes} streets, {boxes} boxes")


@click.command()
@click.argument("name")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=8554,
    show_default=True,
    help="Port to serve on.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1.0, 3600.0),
    default=60.0,
    show_default=True,
    help="How much is drawn; each client sees it from its start.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Of the traffic and the people.",
)
@click.option(
    "--for",
    "for_s",
    metavar="DURATION",
    callback=_seconds,
    help="Real time to serve, like 60s; default: no end.",
)
def camera(name: str, host: str, port: int, seconds: float, seed: int, for_s: float | None) -> None:
    """Serve the scene NAME, or a video file, by RTSP as a street camera would.

    NAME is a scene as for `scene`, or the path of an .mp4. No password; loopback by default.
    """
    from runtime.process import stop_on_signals  # noqa: PLC0415 - keeps --help quick
    from simulators.errors import SimulatorError  # noqa: PLC0415
    from simulators.scene.recording import record_scene  # noqa: PLC0415
    from simulators.scene.rtsp_stand import serve_videos  # noqa: PLC0415
    from simulators.scene.street_camera import SCENES, StreetCamera, scene_setting  # noqa: PLC0415

    own = Path(name)
    if name not in SCENES and not (own.suffix == ".mp4" and own.is_file()):
        raise click.ClickException(
            f"{name!r} is no scene and no .mp4 file: expected one of {', '.join(SCENES)}"
        )
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / f"{own.stem}.mp4"
        try:
            if name in SCENES:
                click.echo(f"drawing {seconds:g} s of {name}", err=True)
                drawn = StreetCamera(scene_setting(name), seed, fps=float(_DRAWN_HZ))
                record_scene(drawn, video, seconds=seconds, fps=_DRAWN_HZ)
            else:
                shutil.copyfile(own, video)
            with stop_on_signals() as stop:
                click.echo(f"rtsp://{host}:{port}/{video.name}")
                serve_videos(Path(folder), host, port, stop, for_s)
        except (SimulatorError, OSError) as error:
            raise click.ClickException(str(error)) from error
