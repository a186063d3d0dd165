"""A picture of a series: the values, the thresholds, the flags and the events."""

import importlib
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

from contracts.levels import Level
from gateway.errors import GatewaySilentError
from gateway.series import Series

__all__ = ["draw_series", "fetch_series"]

_TIMEOUT_S = 30.0
_COLOURS = {Level.BLUE: "#2f6fde", Level.YELLOW: "#e0a100", Level.RED: "#d62f2f"}
_LINE = "#222222"


class _Problem(msgspec.Struct):
    """The part of a problem document that a person reads."""

    detail: str = ""


def fetch_series(url: str, device: str, query: dict[str, str], key: str | None) -> Series:
    """Return a series from a running gateway.

    Raises:
        GatewaySilentError: it does not answer, or says why it will not.
    """
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    address = f"{url}/v1/devices/{device}/series"
    try:
        answer = httpx.get(address, params=query, headers=headers, timeout=_TIMEOUT_S)
        if answer.is_success:
            return msgspec.json.decode(answer.content, type=Series)
        why = msgspec.json.decode(answer.content, type=_Problem).detail
    except (httpx.HTTPError, msgspec.DecodeError) as error:
        raise GatewaySilentError(
            f"{address}: {type(error).__name__}: {error}; is the gateway running with this "
            "configuration?"
        ) from error
    raise GatewaySilentError(f"{address} answered {answer.status_code}: {why}")


def draw_series(series: Series, target: Path) -> None:
    """Draw a series as a PNG of 1,600 by 800 pixels.

    Raises:
        ModuleNotFoundError: matplotlib is missing.
    """
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot = importlib.import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(figsize=(16, 8), dpi=100)
    try:
        _curve(axes, series)
        for one in series.thresholds:
            style = "-" if one.part == "when" else ":"
            axes.axhline(one.value, color=_COLOURS[one.level], linestyle=style, linewidth=1)
            label = f"{one.rule} {one.level.value} {one.part} {one.value:g}"
            axes.annotate(
                label,
                (1.0, one.value),
                xycoords=("axes fraction", "data"),
                xytext=(4, 0),
                textcoords="offset points",
                fontsize=8,
                va="center",
                color=_COLOURS[one.level],
            )
        for event in series.events:
            end = min(event.ended_at or series.end, series.end)
            axes.axvspan(
                max(event.onset_at, series.start), end, color=_COLOURS[event.level], alpha=0.12
            )
            axes.axvline(
                max(event.onset_at, series.start), color=_COLOURS[event.level], linewidth=1
            )
        _flags(axes, series)
        unit = f" ({series.unit})" if series.unit else ""
        axes.set_ylabel(f"{series.metric}{unit}")
        step = "" if series.step_s is None else f", steps of {series.step_s} s"
        axes.set_title(
            f"{series.device}: {len(series.events)} events, {len(series.flags)} flags{step}"
        )
        axes.set_xlim(series.start, series.end)
        axes.grid(alpha=0.25)
        figure.autofmt_xdate()
        figure.tight_layout(rect=(0, 0, 0.92, 1))
        figure.savefig(target, format="png")
    finally:
        pyplot.close(figure)


def _curve(axes: Any, series: Series) -> None:
    """Draw values as a line, steps as a mean within the band from least to most."""
    if series.steps:
        moments = [step.at for step in series.steps]
        axes.fill_between(
            moments,
            [step.min for step in series.steps],
            [step.max for step in series.steps],
            color=_LINE,
            alpha=0.15,
            linewidth=0,
        )
        axes.plot(moments, [step.mean for step in series.steps], color=_LINE, linewidth=1)
        return
    drawn = [(at, float(value)) for at, value in series.values if not isinstance(value, str)]
    axes.plot(
        [at for at, _ in drawn], [value for _, value in drawn], color=_LINE, linewidth=1, marker="."
    )


def _flags(axes: Any, series: Series) -> None:
    """Mark flagged moments on the curve, failures as crosses."""
    heights: dict[datetime, float] = {
        at: float(value) for at, value in series.values if not isinstance(value, str)
    }
    heights.update((step.at, step.mean) for step in series.steps)
    for flag in series.flags:
        height = heights.get(flag.at)
        if height is None and heights:
            nearest = min(heights, key=lambda at: abs((at - flag.at).total_seconds()))
            height = heights[nearest]
        if height is not None:
            marker = "o" if flag.flag.startswith("suspect") else "x"
            axes.plot([flag.at], [height], marker=marker, color="#b000b0", markersize=7)
