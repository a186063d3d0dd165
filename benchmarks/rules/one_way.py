"""One journal through a gateway's intake and rule host; a process of its own, for whichever Python runs it."""

import gc
import json
import sys
import time
from pathlib import Path

import structlog

from benchmarks.rules.city_journal import DISTRICT, T0, packs
from gateway.dedupe import Dedupe
from gateway.intake import Admission, Intake
from gateway.prepared import Prepared
from gateway.rule_host import RuleHost
from gateway.rule_packs import encode_packs
from runtime.journal import JournalKind, JournalRecord, read_journal

__all__: list[str] = []


def _run(folder: Path, rules: int, readings: int) -> tuple[float, int]:
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
    return readings / elapsed, events


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    print(json.dumps(_run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
