"""The figures of a box in the Prometheus text format, version 0.0.4. Pure functions."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct

__all__ = ["METRICS", "Figures", "Metric", "render"]

_PREFIX = "cityloop_edge_"


class Metric(NamedTuple):
    """One metric family."""

    name: str
    kind: str
    """counter or gauge"""
    help: str


METRICS = tuple(
    Metric(_PREFIX + name, kind, words)
    for name, kind, words in (
        ("info", "gauge", "1; the box, its boot and its version."),
        ("camera_events_total", "counter", "What happened at a camera, by counter."),
        ("sensor_events_total", "counter", "What happened at a sensor driver, by counter."),
        ("events_total", "counter", "What happened in the box, by counter."),
        ("camera_up", "gauge", "1 while a camera gives pictures."),
        ("cameras_ended", "gauge", "Recordings that are over, and cameras that cannot work."),
        ("hub_connected", "gauge", "1 while the hub lets the box in."),
        ("outbox_messages", "gauge", "Messages on disk that the gateway has not confirmed."),
        ("outbox_bytes", "gauge", "Bytes of these messages."),
        ("letters_held", "gauge", "Messages in memory while the disk takes none."),
        ("episodes_open", "gauge", "Observations that are going on."),
        ("temperature_celsius", "gauge", "The hottest thermal zone."),
        ("heat_rung", "gauge", "What heat has made the box give up: 0 nothing, 3 most."),
        ("load_rung", "gauge", "What load has made a camera give up: 0 nothing, 3 most."),
        ("disk_free_bytes", "gauge", "Free space on the fullest disk of outbox and evidence."),
        ("disk_want", "gauge", "What the disk guard gives up: 0 nothing, 1 pictures, 2 tracks, 3 counts."),
        ("clock_offset_seconds", "gauge", "This clock minus true time, where NTP knows it."),
        ("loop_seconds_max", "gauge", "Longest round of the loop since the last look."),
        ("memory_bytes", "gauge", "Resident memory of the process."),
        ("cpu_seconds_total", "counter", "Processor time of the process."),
    )
)  # fmt: skip
"""Every metric that a box shows, in this order."""

_GAUGES_IN_COUNTERS = frozenset({"letters_held", "heat_rung", "disk_want", "load_rung"})
"""Told among the counters of a heartbeat, but they fall as well as grow."""


class Figures(Struct, frozen=True, kw_only=True):
    """What is known of a box at one moment."""

    info: Mapping[str, str]
    """Labels of ``info``."""
    counters: Mapping[str, int]
    """The agent's, those of cameras and drivers with their name before a dot."""
    cameras: frozenset[str]
    """Names that are cameras; other names before a dot are drivers."""
    up: Mapping[str, bool]
    """Cameras that give pictures."""
    gauges: Mapping[str, float | None]
    """Metric name without prefix to its value; None leaves it out."""


def render(figures: Figures) -> str:
    """Return the figures as text; a metric without a value is left out."""
    samples: dict[str, list[str]] = {}
    for name, labels, value in _samples(figures):
        marks = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        full = f"{_PREFIX}{name}{{{marks}}}" if marks else _PREFIX + name
        samples.setdefault(_PREFIX + name, []).append(f"{full} {value:.17g}")
    lines: list[str] = []
    for metric in METRICS:
        if metric.name in samples:
            lines.append(f"# HELP {metric.name} {metric.help}")
            lines.append(f"# TYPE {metric.name} {metric.kind}")
            lines.extend(samples[metric.name])
    return "\n".join(lines) + "\n"


def _samples(figures: Figures) -> Iterator[tuple[str, Mapping[str, str], float]]:
    """Yield (name without prefix, labels, value)."""
    yield "info", figures.info, 1.0
    for camera, up in figures.up.items():
        yield "camera_up", {"camera": camera}, float(up)
    for counter, value in figures.counters.items():
        owner, dot, name = counter.rpartition(".")
        if not dot:
            kind = name if name in _GAUGES_IN_COUNTERS else "events_total"
            yield kind, {} if kind == name else {"counter": name}, value
        elif owner in figures.cameras and name in _GAUGES_IN_COUNTERS:
            yield name, {"camera": owner}, value
        elif owner in figures.cameras:
            yield "camera_events_total", {"camera": owner, "counter": name}, value
        else:
            yield "sensor_events_total", {"driver": owner, "counter": name}, value
    for gauge, found in figures.gauges.items():
        if found is not None:
            yield gauge, {}, found


def _escaped(text: str) -> str:
    r"""Return a text as a label's value: ``\``, ``"`` and newline escaped."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
