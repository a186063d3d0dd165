"""The report: every run in turn, at every broker, and the figures they give."""

import json
import sys
import tempfile
import time
from pathlib import Path

import structlog

from benchmarks.gateway.broker import running_broker
from benchmarks.gateway.runs import gateway_rate, in_process, latency_ms, null_rate
from contracts.readings import moment

__all__ = ["main"]


def main(as_json: bool) -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    figures: dict[str, object] = {"measured_at": moment(time.time()).isoformat()}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for pack, rules, count in ((1, 1, 60_000), (10, 1, 10_000), (10, 10, 6_000)):
            rate = in_process(root / f"in-{pack}-{rules}", count, pack, rules)
            figures[f"in_process_readings_per_s_pack_{pack}_rules_{rules}"] = round(rate * pack)
            _say(f"in process, packs of {pack}, {rules} rules: {rate:,.0f} msg/s")
        for broker in ("mosquitto", "nats"):
            figures[broker] = _behind(broker, root / broker)
    best = figures["nats"]
    assert isinstance(best, dict)
    figures |= best
    if as_json:
        print(json.dumps(figures))


def _behind(broker: str, folder: Path) -> dict[str, float]:
    """Return the figures behind one broker."""
    folder.mkdir()
    with running_broker(broker, folder) as port:
        null = null_rate(port, 40_000, 1)
        single = gateway_rate(folder / "single", port, 60_000, 1, 1)
        packed = gateway_rate(folder / "packed", port, 10_000, 10, 1)
        p50, p99, timed = latency_ms(folder / "paced", port, 5_000, 6.0)
    _say(
        f"{broker}: {single:,.0f} msg/s ({single / null:.2f} of a null consumer's {null:,.0f}), "
        f"{packed * 10:,.0f} readings/s in packs of 10; reading to event at 5,000 msg/s: "
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms over {timed} events"
    )
    return {
        "messages_per_s": round(single),
        "readings_per_s": round(packed * 10),
        "null_consumer_messages_per_s": round(null),
        "share_of_null_consumer": round(single / null, 3),
        "reading_to_event_ms_p50": round(p50, 2),
        "reading_to_event_ms_p99": round(p99, 2),
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr)
