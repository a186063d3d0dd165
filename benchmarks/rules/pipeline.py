"""The whole way of a reading on one core: decode, identity, quality gates, rules, events.

The same journals go through the gateway as it is and, where ``make compiled`` was run, through the one
whose hot path is machine code; in turn, in processes of their own.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import structlog

from benchmarks.rules.city_journal import DISTRICT, T0, Load, packs, write_journal
from gateway.dedupe import Dedupe
from gateway.intake import Admission, Intake
from gateway.prepared import Prepared
from gateway.rule_host import RuleHost
from gateway.rule_packs import encode_packs
from runtime.journal import JournalKind, JournalRecord, read_journal

__all__ = ["measure_pipeline"]

_PACKED = Load(devices=2_000, seconds=450, pack=10)
_SINGLE = Load(devices=2_000, seconds=100, pack=1)
_ROUNDS = 3
_PATIENCE_S = 300.0
_ROOT = Path(__file__).resolve().parents[2]


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


def measure_pipeline() -> dict[str, float | str | None]:
    """Return the figures: medians of alternating rounds over one and the same journal.

    ``readings_per_s`` is the gateway's as ``pip install`` makes it, ``compiled_…`` that of ``make
    compiled``; None, with the reason, where it is not there.
    """
    plain, compiled = Path(sys.executable), _ROOT / ".venv-compiled" / "bin" / "python"
    figures: dict[str, float | str | None] = {}
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        packed, single = Path(name) / "packed", Path(name) / "single"
        readings, singles = write_journal(packed, _PACKED), write_journal(single, _SINGLE)
        # beside the installed packages nothing but the benchmarks is to be found: no source shadows machine code
        alone = Path(name) / "alone"
        alone.mkdir()
        (alone / "benchmarks").symlink_to(_ROOT / "benchmarks")
        for _ in range(_ROUNDS):
            for prefix, python, path in (("", plain, _ROOT), ("compiled_", compiled, alone)):
                if not python.exists():
                    continue
                for suffix, folder, rules, count in (
                    ("", packed, 3, readings),
                    ("_10", packed, 10, readings),
                    ("_single", single, 3, singles),
                ):
                    run = _in_process(python, path, folder, rules, count)
                    rates.setdefault(f"{prefix}readings_per_s{suffix}", []).append(run.per_s)
                    figures.setdefault(f"{prefix}events{suffix}", run.events)
    figures |= {name: round(statistics.median(of)) for name, of in rates.items()}
    if not compiled.exists():
        figures |= {
            "compiled_readings_per_s": None,
            "compiled_why": "no .venv-compiled: make compiled",
        }
    return {**figures, "readings": readings}


def _in_process(python: Path, path: Path, folder: Path, rules: int, readings: int) -> _Run:
    """Return one round in a process of its own."""
    order = [str(python), "-P", "-m", "benchmarks.rules.pipeline", str(folder), str(rules)]
    done = subprocess.run(
        [*order, str(readings)],
        env={**os.environ, "PYTHONPATH": str(path)},
        cwd=folder,
        capture_output=True,
        check=True,
        timeout=_PATIENCE_S,
    )
    per_s, events = json.loads(done.stdout)
    return _Run(per_s, events)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    print(json.dumps(_run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
