"""The report: every run in turn, by every way in, and the figures they give."""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from benchmarks.gateway.broker import running_broker
from benchmarks.gateway.runs import (
    Way,
    gateway_rate,
    in_process,
    latency_ms,
    null_rate,
    overload,
)
from benchmarks.gateway.sizes import measure_size
from contracts.readings import moment

__all__ = ["main"]

_WAYS = {"mosquitto": ("mosquitto", False), "nats": ("nats", False), "jetstream": ("nats", True)}


def main(as_json: bool) -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    figures: dict[str, object] = {"measured_at": moment(time.time()).isoformat()}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for pack, rules, count in ((1, 1, 60_000), (10, 1, 30_000), (10, 10, 20_000)):
            rate = in_process(root / f"in-{pack}-{rules}", count, pack, rules)
            figures[f"in_process_readings_per_s_pack_{pack}_rules_{rules}"] = round(rate * pack)
            _say(f"in process, packs of {pack}, {rules} rules: {rate:,.0f} msg/s")
        for way in _WAYS:
            figures[way] = _by(way, root / way)
        figures |= _sizes()
    best = figures["jetstream"]
    assert isinstance(best, dict)
    figures |= best
    if as_json:
        print(json.dumps(figures))


def _sizes() -> dict[str, float]:
    """Return what packs of ten cost with more and more devices, and what the most of them weigh."""
    figures: dict[str, float] = {}
    for devices in (1_000, 10_000, 100_000):
        size = measure_size(devices, 20_000, 10)
        figures[f"cpu_us_per_message_{devices}_devices"] = round(size.cpu_us_per_message, 1)
        figures[f"rss_mb_{devices}_devices"] = round(size.rss_mb)
        _say(
            f"{devices:,} devices, packs of ten: {size.cpu_us_per_message:.1f} us of CPU a message, "
            f"{size.rss_mb:.0f} MB"
        )
    return figures


@contextmanager
def _way(name: str, folder: Path) -> Iterator[Way]:
    """Yield a way in through a broker of its own, so that no run finds what another left."""
    broker, jetstream = _WAYS[name]
    folder.mkdir(parents=True)
    with running_broker(broker, folder) as ports:
        yield Way(ports, jetstream)


def _by(name: str, folder: Path) -> dict[str, object]:
    """Return the figures of one way in."""
    with _way(name, folder / "null") as way:
        null = null_rate(folder / "null", way, 60_000, 1)
    with _way(name, folder / "single") as way:
        single = gateway_rate(folder / "single", way, 60_000, 1, 1)
    with _way(name, folder / "packed") as way:
        packed = gateway_rate(folder / "packed", way, 30_000, 10, 1)
    with _way(name, folder / "ruled") as way:
        ruled = gateway_rate(folder / "ruled", way, 25_000, 10, 10)
    with _way(name, folder / "paced") as way:
        paced = latency_ms(folder / "paced", way, 5_000, 6.0)
    with _way(name, folder / "overload") as way:
        urgent, factor = overload(folder / "overload", way, 2 * single.messages_per_s, 4.0)
    share = single.messages_per_s / null
    for what, flow in (("single readings", single), ("packs of ten", packed)):
        said = ", ".join(f"{who} {cost:.1f}" for who, cost in sorted(flow.spent_us.items()))
        _say(f"{name}, {what}, us of CPU a message: {said}; {flow.telemetry_behind:,} values wait")
    _say(
        f"{name}: {single.messages_per_s:,.0f} msg/s ({share:.2f} of a null consumer's {null:,.0f}), "
        f"{packed.messages_per_s * 10:,.0f} readings/s in packs of 10, "
        f"{ruled.messages_per_s * 10:,.0f} with ten rules; reading to event at 5,000 msg/s: "
        f"p50 {paced.p50_ms:.1f} ms, p99 {paced.p99_ms:.1f} ms over {paced.timed} events; "
        f"red event under {factor:.1f} times the load: p50 {urgent.p50_ms:.1f} ms, "
        f"p99 {urgent.p99_ms:.1f} ms over {urgent.timed} events"
    )
    return {
        "messages_per_s": round(single.messages_per_s),
        "readings_per_s": round(packed.messages_per_s * 10),
        "readings_per_s_10_rules": round(ruled.messages_per_s * 10),
        "cpu_us_per_message": single.spent_us,
        "cpu_us_per_pack": packed.spent_us,
        "telemetry_behind": single.telemetry_behind,
        "telemetry_behind_packs": packed.telemetry_behind,
        "null_consumer_messages_per_s": round(null),
        "share_of_null_consumer": round(share, 3),
        "reading_to_event_ms_p50": round(paced.p50_ms, 2),
        "reading_to_event_ms_p99": round(paced.p99_ms, 2),
        "overload_factor": round(factor, 2),
        "overload_red_event_ms_p50": round(urgent.p50_ms, 2),
        "overload_red_event_ms_p99": round(urgent.p99_ms, 2),
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr)
