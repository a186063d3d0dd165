"""The report: every part in turn, and what cannot be measured here said so."""

import json
import sys
import time
from typing import Any

import structlog

from benchmarks.rule_keys import measure_keys
from benchmarks.rules.backtest import measure_backtest
from benchmarks.rules.handwritten import measure_engine
from benchmarks.rules.many_rules import measure_many
from benchmarks.rules.node_red import measure_node_red
from benchmarks.rules.pipeline import measure_pipeline
from contracts.readings import moment

__all__ = ["main"]


def main(*, as_json: bool) -> None:
    """Print the figures; with ``as_json`` one JSON object as the last line."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    figures: dict[str, Any] = {"measured_at": moment(time.time()).isoformat()}
    for name, measure in (
        ("engine against hand-written Python", measure_engine),
        ("decode, identity, gates, rules", measure_pipeline),
        ("ten thousand rules", measure_many),
        ("keys", _keys),
        ("back-test", measure_backtest),
        ("Node-RED", measure_node_red),
    ):
        found = measure()
        figures |= found
        print(f"{name}: {_line(found)}", file=sys.stderr)
    if as_json:
        print(json.dumps(figures))


def _keys() -> dict[str, Any]:
    """Return what a key costs, and a reading among a million keys over one among a thousand."""
    few, many = measure_keys(1_000), measure_keys(1_000_000)
    return {
        "bytes_a_key": round(many["bytes_a_key"]),
        "keys_1e6_over_1e3": round(many["us_a_reading"] / few["us_a_reading"], 2),
    }


def _line(figures: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:,}" if isinstance(value, int | float) else f"{name} {value}"
        for name, value in figures.items()
    )
