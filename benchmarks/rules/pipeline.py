"""The whole way of a reading on one core: decode, identity, quality gates, rules, events.

The same journals go through the gateway as it is and, where ``make compiled`` was run, through the one
whose hot path is machine code; in turn, in processes of their own.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.rules.city_journal import Load, write_journal

__all__ = ["measure_pipeline"]

_PACKED = Load(devices=2_000, seconds=450, pack=10)
_SINGLE = Load(devices=2_000, seconds=100, pack=1)
_ROUNDS = 5
_PATIENCE_S = 300.0
_ROOT = Path(__file__).resolve().parents[2]


class _Run(NamedTuple):
    per_s: float
    events: int


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
    order = [str(python), "-P", "-m", "benchmarks.rules.one_way", str(folder), str(rules)]
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
