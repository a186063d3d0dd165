"""What a key costs the engine: bytes and microseconds, from a thousand keys to a million.

One three-step ladder over water levels; every sensor reports four times, ten minutes apart and in
order, and nothing happens: the state of nearly all keys of a city nearly all of the time. Bytes are
those of the process as a whole (resident set, in a process of its own), so nothing is left out:
trails for late samples, dictionaries, timers and the subjects' names are in it, samples are not.
"""

import gc
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rules.engine import Engine
from rules.pack import compile_pack
from rules.sample import Sample

__all__ = ["KEY_COUNTS", "main", "measure_keys"]

KEY_COUNTS = (1_000, 10_000, 100_000, 1_000_000)
_T0 = 1_700_000_000.0
_ROUNDS, _EVERY_S = 4, 600.0
_TIMED = 100_000
_PAGE = 4096
_PACK: dict[str, Any] = {
    "rules": [
        {
            "id": "ponding",
            "event": {"type": "water.ponding"},
            "watch": {"profile": "water_level"},
            "key": ["subject"],
            "ladder": [
                {"level": "blue", "when": "depth_m >= 15 cm", "clear": "depth_m < 12 cm"},
                {"level": "yellow", "when": "depth_m >= 27 cm", "clear": "depth_m < 23 cm"},
                {"level": "red", "when": "depth_m >= 40 cm", "clear": "depth_m < 35 cm"},
            ],
        }
    ]
}


def _error(path: object, message: str) -> Exception:
    return ValueError(f"{path}: {message}")


def _resident_bytes() -> int:
    """Return the resident set of this process. Source: proc(5), statm, second field."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE


def _sample(index: int, at: float) -> Sample:
    name = f"pond-{index:07d}"
    return Sample(
        stream="readings",
        profile="water_level",
        subject=name,
        at=at,
        keys={"subject": name, "box": "box-1", "site": "west", "district": "north"},
        fields={"depth_m": index % 10 / 100},
    )


def _measure_here(keys: int) -> dict[str, float]:
    """Return bytes a key and microseconds a reading in this process, which should be a fresh one."""
    engine = Engine([compile_pack(_PACK, "benchmark", _error)])
    engine.apply(_sample(0, _T0), _T0)
    gc.collect()
    before = _resident_bytes()
    at = _T0
    for _ in range(_ROUNDS):
        at += _EVERY_S
        for index in range(keys):
            engine.apply(_sample(index, at), at)
        engine.take_dirty()
    gc.collect()
    held = _resident_bytes() - before
    stride = max(1, keys // _TIMED)
    samples = [_sample(index, at + _EVERY_S) for index in range(0, keys, stride)]
    started = time.perf_counter()
    for sample in samples:
        engine.apply(sample, at + _EVERY_S)
    elapsed = time.perf_counter() - started
    return {"bytes_a_key": held / keys, "us_a_reading": elapsed / len(samples) * 1e6}


def measure_keys(keys: int) -> dict[str, float]:
    """Return ``bytes_a_key`` and ``us_a_reading`` for so many keys, measured in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.rule_keys", str(keys)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(*, as_json: bool, counts: tuple[int, ...] = KEY_COUNTS) -> dict[str, float]:
    """Print the figures for each number of keys; return those that are compared.

    Returns:
        ``bytes_a_key`` at the most keys, and ``million_over_thousand``: time of a reading there over
        that at the fewest.
    """
    rows = {keys: measure_keys(keys) for keys in counts}
    if not as_json:
        for keys, row in rows.items():
            print(
                f"{keys:>9,} keys  {row['bytes_a_key']:7.0f} B a key  {row['us_a_reading']:6.2f} µs"
            )
    first, last = rows[min(rows)], rows[max(rows)]
    result = {
        "bytes_a_key": round(last["bytes_a_key"]),
        "million_over_thousand": round(last["us_a_reading"] / first["us_a_reading"], 2),
    }
    print(json.dumps(result))
    return result


if __name__ == "__main__":
    print(json.dumps(_measure_here(int(sys.argv[1]))))
