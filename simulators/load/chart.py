"""A picture of a load's latencies: how long the slowest share of messages took."""

from pathlib import Path

from hdrh.histogram import HdrHistogram

__all__ = ["draw_latencies"]

_NINES = (0.0, 0.9, 0.99, 0.999, 0.9999, 0.99999)


def draw_latencies(histogram: HdrHistogram, path: Path, title: str) -> None:
    """Write a PNG or SVG of latency over the share of messages, in nines.

    Args:
        histogram: microseconds.
        path: the suffix says which.
        title: what was run.
    """
    # the object way: pyplot would keep every figure and ask for a screen
    from matplotlib.figure import Figure  # noqa: PLC0415 - optional extra, slow to import

    points = [
        (one.percentile_level_iterated_to / 100.0, one.value_iterated_to / 1000.0)
        for one in histogram.get_percentile_iterator(5)
    ]
    shown = [(1.0 / (1.0 - share), value) for share, value in points if share < 1.0]
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([x for x, _ in shown], [y for _, y in shown], drawstyle="steps-post")
    axes.set_xscale("log")
    axes.set_xticks([1.0 / (1.0 - nine) for nine in _NINES], [f"{nine:.5g}" for nine in _NINES])
    axes.minorticks_off()
    axes.set_yscale("log")
    axes.set_xlabel("share of the messages")
    axes.set_ylabel("acknowledged within, ms")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    figure.savefig(path)
