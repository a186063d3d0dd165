"""Runs the parts of the benchmark and prints their figures."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.edge.cameras import CameraFigures, Films, busy, idle
from benchmarks.edge.media import check
from benchmarks.edge.peer import over_supervision
from benchmarks.edge.soak import soak
from benchmarks.edge.throughput import over_raw
from benchmarks.edge.tracking import car_park_counts, scores

__all__ = ["main"]

_PLOT = Path(__file__).resolve().parents[2] / "docs" / "images" / "edge-cameras.png"
_STEPS = (8, 16, 24, 32, 40)
_IDLE_CAMERAS = 8
_LINES = (
    (1, 1, "pipeline_over_raw"),
    (2, 1, "pipeline_over_raw_2_threads"),
    (1, 2, "pipeline_over_raw_2_workers"),
)
"""Threads of an inference, workers, and what the figure is called."""
_SOAK_FILE = Path("edge-soak.jsonl")


def main(*, as_json: bool, soak_s: float | None = None) -> None:
    """Measure and print, as JSON or as lines; with ``soak_s`` only a run of so many seconds.

    That run goes on where an earlier one was broken off, as long as its file lies in the folder that
    the benchmark is started in.
    """
    check()
    figures: dict[str, object] = {}
    if soak_s is not None:
        with tempfile.TemporaryDirectory() as folder:
            _tell(figures, soak(Films(Path(folder)), soak_s, _SOAK_FILE, workers=_workers()))
        if as_json:
            click.echo(json.dumps(figures))
        return
    _tell(figures, car_park_counts())
    _tell(figures, scores())
    for threads, workers, name in _LINES:
        median, low, high = over_raw(threads, workers=workers, rounds=15, frames=150)
        _tell(figures, {name: median, f"{name}_95": [low, high]})
    _tell(figures, over_supervision(rounds=5, frames=179))
    with tempfile.TemporaryDirectory() as folder:
        films = Films(Path(folder))
        _tell(figures, _by_cameras(films))
        still = idle(films, _IDLE_CAMERAS, workers=1, seconds=30.0)
        beyond = {
            "idle_cores_beyond_decoding": still.cores_beyond_decoding,
            "idle_cores_beyond_bare_decoding": still.cores_beyond_bare,
            "idle_looked": still.looked,
        }
        _tell(figures, beyond)
    if as_json:
        click.echo(json.dumps(figures))


def _workers() -> int:
    return max(1, len(os.sched_getaffinity(0)))


def _by_cameras(films: Films) -> dict[str, object]:
    """Return the figures by the number of cameras, and the greatest number that meets the aims.

    The first number that does not meet them is the last that is tried.
    """
    steps = []
    for cameras in _STEPS:
        step = busy(films, cameras, workers=_workers())
        click.echo(f"{'':4}{step}", err=True)
        steps.append(step)
        if not _meets(step):
            break
    good = [one.cameras for one in steps if _meets(one)]
    first, last = steps[0], steps[min(2, len(steps) - 1)]
    _plot(steps)
    return {
        "cameras": max(good, default=0),
        "mb_per_further_camera": round(
            (last.pss_mb - first.pss_mb) / max(last.cameras - first.cameras, 1), 1
        ),
        "by_cameras": [asdict(one) for one in steps],
    }


def _meets(step: CameraFigures) -> bool:
    return step.recall >= 0.98 and step.p99_ms < 500.0


def _tell(figures: dict[str, object], part: Mapping[str, object]) -> None:
    figures |= part
    for name, value in part.items():
        # progress for who watches; the object comes last, alone on its line
        click.echo(f"{name:34} {value}")


def _plot(steps: list[CameraFigures], path: Path = _PLOT) -> None:
    """Draw recall, processor and latency over the number of cameras, and where the aims are missed."""
    import matplotlib as mpl  # noqa: PLC0415 - half a second, for one picture

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice above

    numbers = [one.cameras for one in steps]
    figure, (top, middle, low) = plt.subplots(3, 1, sharex=True, figsize=(7, 7))
    top.plot(numbers, [one.recall for one in steps], marker="o")
    top.axhline(0.98, linestyle=":", color="grey")
    top.set_ylabel("recall of observations")
    middle.plot(numbers, [one.cores for one in steps], marker="o", label="all")
    beyond = [one.cores_beyond_bare for one in steps]
    middle.plot(numbers, beyond, marker="o", label="beyond decoding")
    middle.plot(numbers, [one.looked for one in steps], marker=".", label="share looked at")
    middle.axhline(_workers(), linestyle=":", color="grey")
    middle.set_ylabel("cores")
    middle.set_ylim(bottom=0.0)
    middle.legend(loc="upper left")
    low.plot(numbers, [one.p50_ms for one in steps], marker="o", label="median")
    low.plot(numbers, [one.p99_ms for one in steps], marker="o", label="99 of 100")
    low.axhline(500, linestyle=":", color="grey")
    low.set_yscale("log")
    low.set_ylabel("frame to observation, ms")
    low.set_xlabel(f"cameras, 640 x 360 at 10 frames/s, a quarter active, {_workers()} cores")
    low.legend(loc="upper left")
    missed = [one.cameras for one in steps if not _meets(one)]
    for panel in (top, middle, low):
        if missed:
            panel.axvline(missed[0], linestyle="--", color="tab:red", linewidth=1)
        panel.grid(alpha=0.3)
    if missed:
        top.set_title(f"an aim is missed first at {missed[0]} cameras", fontsize=10)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)
