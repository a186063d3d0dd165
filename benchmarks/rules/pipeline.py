"""The whole way of a reading on one core: decode, identity, quality gates, rules, events."""

import gc
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.rules.city_journal import DISTRICT, T0, Load, packs, write_journal
from gateway.dedupe import Dedupe
from gateway.intake import Admission, Intake
from gateway.rule_host import Prepared, RuleHost
from gateway.rule_packs import encode_packs
from runtime.journal import JournalKind, JournalRecord, read_journal

__all__ = ["measure_pipeline"]

_PACKED = Load(devices=2_000, seconds=450, pack=10)
_SINGLE = Load(devices=2_000, seconds=100, pack=1)
_ROUNDS = 3


class _Run(NamedTuple):
    per_s: float
    events: int


def _run(folder: Path, rules: int, readings: int) -> _Run:
    """Return readings per second of processor time through a gateway's own intake and rule host."""
    dedupe = Dedupe()
    intake = Intake(dedupe, frozenset({DISTRICT}))
    host = RuleHost(dedupe, default_district=DISTRICT)
    host.apply(JournalRecord(0, T0 * 1_000_000, JournalKind.RULES, "", encode_packs(packs(rules))))
    records = list(read_journal(folder))
    gc.collect()
    gc.freeze()
    events = 0
    began = time.process_time()
    for record in records:
        prepared = None
        if record.kind is JournalKind.MESSAGE:
            admitted = intake.admit(record.topic, record.payload, record.arrived_at_us / 1_000_000)
            assert isinstance(admitted, Admission)
            prepared = Prepared(admitted.message, admitted.place, admitted.resolved)
        events += len(host.apply(record, prepared).events)
    elapsed = time.process_time() - began
    gc.unfreeze()
    return _Run(readings / elapsed, events)


def measure_pipeline() -> dict[str, float]:
    """Return the figures: medians of alternating rounds over one and the same journal."""
    with tempfile.TemporaryDirectory() as name:
        packed, single = Path(name) / "packed", Path(name) / "single"
        readings, singles = write_journal(packed, _PACKED), write_journal(single, _SINGLE)
        rates: dict[str, list[float]] = {"": [], "_10": [], "_single": []}
        events = 0
        for _ in range(_ROUNDS):
            three = _run(packed, 3, readings)
            events = three.events
            rates[""].append(three.per_s)
            rates["_10"].append(_run(packed, 10, readings).per_s)
            rates["_single"].append(_run(single, 3, singles).per_s)
    figures = {f"readings_per_s{name}": round(statistics.median(of)) for name, of in rates.items()}
    return {**figures, "readings": readings, "events": events}
