"""``cityloop sim scene``: a drawn street camera in files."""

from pathlib import Path

import click

__all__ = ["scene"]


@click.command()
@click.argument("name")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--seconds", type=click.FloatRange(1.0, 3600.0), default=30.0, show_default=True)
@click.option("--fps", type=click.IntRange(1, 60), default=10, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option(
    "--size",
    type=(click.IntRange(64, 4096), click.IntRange(64, 4096)),
    default=(640, 360),
    show_default=True,
    help="Columns and rows.",
)
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

    NAME is fire-lane, market, street-day, street-glare, street-night or street-rain.
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
