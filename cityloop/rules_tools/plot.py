"""A picture of one key: its values, the thresholds, and the level that holds over time."""

import importlib
import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from cityloop.rules_tools.errors import MissingLibrary, RulesToolError
from cityloop.rules_tools.expression_text import expression_text
from cityloop.rules_tools.firings import Firing
from cityloop.rules_tools.key_series import KeySeries
from contracts.event import EventPhase
from contracts.levels import Level
from contracts.readings import moment
from rules.rule import Rule
from rules.thresholds import thresholds

__all__ = ["draw", "level_spans"]

_COLOURS: Final = {Level.BLUE: "#2f6fde", Level.YELLOW: "#e0a100", Level.RED: "#d62f2f"}
_LINE: Final = "#222222"
_DENSE_POINTS: Final = 2_000
"""A line through more points than the picture has columns is drawn thinner."""
_LONGEST_TEXT: Final = 40
"""Characters of a condition beside the picture."""


class LevelSpan(NamedTuple):
    """A stretch of time in which one level held; ``end`` None: to the end of the data."""

    level: Level
    begin: datetime
    end: datetime | None


def level_spans(firings: Sequence[Firing]) -> list[LevelSpan]:
    """Return the stretches of time in which a level held."""
    spans: list[LevelSpan] = []
    for firing in firings:
        ends = [step.at for step in firing.steps[1:]]
        for step, end in zip(firing.steps, [*ends, None], strict=True):
            if step.phase is not EventPhase.END:
                spans.append(LevelSpan(step.level, step.at, end))
    return spans


def draw(
    path: Path,
    rule: Rule,
    key: Mapping[str, str],
    series: KeySeries,
    firings: Sequence[Firing],
) -> None:
    """Draw a key's values over the level that holds, and write the picture.

    Args:
        path: the picture; its ending says which kind: png or svg.
        rule: the rule.
        key: the key, for the title.
        series: the values.
        firings: the episodes of this rule and key.

    Raises:
        MissingLibrary: matplotlib is not installed.
        RulesToolError: another ending, or the picture cannot be written.
    """
    if path.suffix.lower() not in {".png", ".svg"}:
        raise RulesToolError(f"{path}: expected a name that ends in .png or .svg")
    try:
        plotting: Any = importlib.import_module("matplotlib")
        figures: Any = importlib.import_module("matplotlib.figure")
        dates: Any = importlib.import_module("matplotlib.dates")
    except ModuleNotFoundError as error:
        raise MissingLibrary(
            "drawing needs matplotlib; install it with: pip install 'cityloop[plot]'"
        ) from error
    figure = figures.Figure(figsize=(11, 5.5), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(5, 1))
    end = moment(series.at[-1])
    _draw_values(upper, rule, key, series)
    _draw_levels((upper, lower), rule, level_spans(firings), end)
    named = ", ".join(f"{name}={value}" for name, value in key.items())
    upper.set_title(f"{rule.id} ({rule.event.type})   {named}", loc="left")
    locator = dates.AutoDateLocator()
    lower.xaxis.set_major_locator(locator)
    lower.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    lower.set_xlabel("event time, UTC")
    # no date and fixed ids in the file: the same data gives the same picture
    options: Any = {"metadata": {"Date": None}} if path.suffix.lower() == ".svg" else {"dpi": 130}
    try:
        with plotting.rc_context({"svg.hashsalt": "cityloop"}):
            figure.savefig(path, **options)
    except OSError as error:
        raise RulesToolError(f"{path}: cannot be written: {error.strerror or error}") from error


def _draw_values(axes: Any, rule: Rule, key: Mapping[str, str], series: KeySeries) -> None:
    times = [moment(at) for at in series.at]
    width = 1.1 if len(times) < _DENSE_POINTS else 0.5
    axes.plot(times, series.values, color=_LINE, linewidth=width, drawstyle="steps-post", zorder=3)
    for level, part, value in thresholds(rule, series.field, key):
        raised = part == "when"
        axes.axhline(
            value,
            color=_COLOURS[level],
            linewidth=1.2 if raised else 0.9,
            linestyle="-" if raised else (0, (4, 3)),
            label=f"{level.value} {part} {value:g}",
            zorder=2,
        )
    unit = "" if series.unit in {None, "/"} else f" [{series.unit}]"
    axes.set_ylabel(f"{series.field}{unit}")
    axes.margins(x=0.01)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="small")


def _draw_levels(
    axes: Sequence[Any], rule: Rule, spans: Sequence[LevelSpan], end: datetime
) -> None:
    upper, lower = axes
    heights = {step.level: number for number, step in enumerate(rule.steps, start=1)}
    for level, begin, until in spans:
        stop = end if until is None else until
        upper.axvspan(begin, stop, color=_COLOURS[level], alpha=0.12, linewidth=0, zorder=1)
        height = heights.get(level, len(heights))
        lower.fill_between([begin, stop], 0, height, color=_COLOURS[level], linewidth=0)
    lower.set_ylim(0, len(heights) + 0.3)
    lower.set_yticks(range(len(heights) + 1), ["none", *(level.value for level in heights)])
    lower.tick_params(axis="y", labelsize="small")
    lower.set_ylabel("level")
    steps = "\n".join(
        f"{step.level.value}: "
        f"{textwrap.shorten(expression_text(step.when.node), _LONGEST_TEXT, placeholder=' …')}"
        f" for {step.delays.for_s:g} s"
        for step in rule.steps
    )
    lower.text(
        1.01, 1.0, steps, transform=lower.transAxes, fontsize="x-small", verticalalignment="top"
    )
