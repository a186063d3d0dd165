"""``edge tune``: measures what suits this box."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.config_commands import Failure
from runtime.errors import ConfigError

if TYPE_CHECKING:
    from edge.tune.trial import Trial

__all__ = ["tune"]

_USUAL_FPS = 10.0


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("edge.yaml"),
    show_default=True,
    help="Configuration of the box.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.2, 600.0),
    default=5.0,
    show_default=True,
    help="How long each way of running is measured.",
)
@click.option("--cores", type=click.IntRange(1, 64), default=None, help="Default: those allowed.")
@click.option("--write", is_flag=True, help="Write the section `vision` into the configuration.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def tune(
    config_path: Path, seconds: float, cores: int | None, *, write: bool, as_json: bool
) -> None:
    """Measure how this box runs its cameras' network best, and say what to configure.

    Stop the box before: what runs beside is measured as well. Exit codes: 0 measured, 1 the network
    does not run here, 2 the configuration is wrong.
    """
    from edge.camera_config import OnnxConfig  # noqa: PLC0415 - a quick --help
    from edge.config import load_edge_config  # noqa: PLC0415
    from edge.tune.section import write_section  # noqa: PLC0415
    from edge.tune.trial import advise, measure, trials  # noqa: PLC0415
    from edge.workers.build import model_order  # noqa: PLC0415

    try:
        config = load_edge_config(config_path)
    except ConfigError as error:
        raise Failure(str(error)) from error
    networks = [one.detector for one in config.cameras if isinstance(one.detector, OnnxConfig)]
    if not networks:
        msg = f"{config_path}: no camera has a detector of kind onnx; there is nothing to tune"
        raise Failure(msg)
    order = model_order(networks[0], config_path.parent)
    if not order.path.is_file():
        raise Failure(f"model {order.path}: no such file; check detector.model in {config_path}")
    allowed = cores or len(os.sched_getaffinity(0))
    done: list[Trial] = []
    for one in trials(allowed, _runtimes()):
        way = f"workers: {one.workers}, threads: {one.threads}"
        click.echo(f"measuring {one.runtime}, {way}", err=True)
        done.append(measure(one, order, seconds=seconds))
    fps = max(one.fps or _USUAL_FPS for one in config.cameras)
    advice = advise(done, cameras=len(networks), fps=fps)
    if as_json:
        told = {
            "model": str(order.path),
            "cores": allowed,
            "trials": [one.as_json() for one in done],
        }
        best = None if advice is None else advice.best.as_json()
        limit = None if advice is None else advice.active_fps
        click.echo(json.dumps(told | {"best": best, "active_fps": limit}))
    else:
        _print(done)
    if advice is None:
        click.echo(done[0].fault or "the network does not run here", err=True)
        raise SystemExit(1)
    section: dict[str, str | int | float] = {
        "decoders": "processes",
        "workers": advice.best.workers,
    }
    if not as_json:
        click.echo(f"\nvision: {{decoders: processes, workers: {advice.best.workers}}}")
        click.echo(f"detector: {{runtime: {advice.best.runtime}, threads: {advice.best.threads}}}")
        if advice.active_fps is not None:
            click.echo(
                f"gate: {{active_fps: {advice.active_fps:g}}}  # if all {len(networks)} cameras "
                "are active at once; else the box lowers it by itself"
            )
    if write:
        write_section(config_path, "vision", section)
        click.echo(f"{config_path}: section vision is written", err=True)


def _runtimes() -> list[str]:
    from importlib.util import find_spec  # noqa: PLC0415 - only here

    return ["onnxruntime"] + (["openvino"] if find_spec("openvino") else [])


def _print(done: "Sequence[Trial]") -> None:
    click.echo(f"{'runtime':<14}{'workers':>8}{'threads':>8}{'inferences/s':>14}")
    for one in done:
        rate = f"{one.per_s:.1f}" if one.fault is None else "-"
        why = "" if one.fault is None else f"  {one.fault}"
        click.echo(f"{one.runtime:<14}{one.workers:>8}{one.threads:>8}{rate:>14}{why}")
