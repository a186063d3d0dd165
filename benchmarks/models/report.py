"""Runs the parts of the benchmark and prints their figures."""

import json
from collections.abc import Mapping

import click

from benchmarks.edge.media import check
from benchmarks.models.judging import evaluate_over_raw
from benchmarks.models.runtimes import folded_over_framed, runtimes
from benchmarks.models.ultralytics_peer import over_ultralytics, trained

__all__ = ["main"]


def main(*, as_json: bool) -> None:
    """Measure and print, as JSON or as lines."""
    check()
    figures: dict[str, object] = {}
    _tell(figures, evaluate_over_raw(rounds=7))
    _tell(figures, folded_over_framed(rounds=15))
    _tell(figures, runtimes(rounds=15))
    yolo = trained()
    if yolo is not None:
        _tell(
            figures, {f"yolo11n_{name}": value for name, value in runtimes(yolo, rounds=15).items()}
        )
    _tell(figures, over_ultralytics(rounds=7, frames=280))
    if as_json:
        click.echo(json.dumps(figures))


def _tell(figures: dict[str, object], part: Mapping[str, object]) -> None:
    figures |= part
    for name, value in part.items():
        # progress for who watches; the object comes last, alone on its line
        click.echo(f"{name:34} {value}")
