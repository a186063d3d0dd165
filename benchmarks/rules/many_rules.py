"""Ten thousand explicit rules over a hundred thousand keys, in a process of their own.

``python benchmarks/rules/many_rules.py RULES [CACHE]`` loads as many rules, each over its share of the
keys, feeds every key twice, and prints one JSON object.
"""

import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gateway.pack_cache import PackCache
from gateway.rule_packs import PackSource, compile_packs
from rules.engine import Engine
from rules.sample import Sample

__all__ = ["measure_many"]

_KEYS = 100_000
_FILES = 10
_CHUNK = 10_000
_T0 = 1_767_225_600.0
_RULE = """- id: pond-{n}
  event:
    type: water.ponding
    title: {{zh: "{{site}} {{subject}} 积水 {{depth_m:.2f}} 米", en: "{{site}} {{subject}}: {{depth_m:.2f}} m"}}
    dedupe: [subject]
  watch: {{profile: water_level, subject: [{subjects}]}}
  key: [subject]
  ladder:
  - {{level: blue, when: depth_m >= {blue} cm, clear: depth_m < {low} cm, for: 60s, clear_for: 5m}}
  - {{level: yellow, when: depth_m >= {yellow} cm, clear: depth_m < 23 cm, for: 30s, clear_for: 5m}}
  - {{level: red, when: depth_m >= 40 cm, clear: depth_m < 35 cm, for: 20s, clear_for: 5m}}
"""


def _sources(rules: int) -> tuple[PackSource, ...]:
    """Return packs of explicit rules; thresholds differ from rule to rule."""
    share = _KEYS // rules
    texts: list[list[str]] = [["rules:\n"] for _ in range(min(_FILES, rules))]
    for n in range(rules):
        subjects = ", ".join(f"p{key}" for key in range(n * share, (n + 1) * share))
        texts[n % len(texts)].append(
            _RULE.format(
                n=n,
                subjects=subjects,
                blue=f"{15 + n % 97 / 10:.1f}",
                low=f"{12 + n % 97 / 10:.1f}",
                yellow=27 + n % 13,
            )
        )
    return tuple(PackSource(f"many-{n}.yaml", "".join(text)) for n, text in enumerate(texts))


def _feed(engine: Engine, at: float, depth_m: float) -> float:
    """Feed one reading of every key; return the seconds of processor time that the engine took."""
    spent = 0.0
    for begin in range(0, _KEYS, _CHUNK):
        samples = [_sample(f"p{key}", at, depth_m) for key in range(begin, begin + _CHUNK)]
        began = time.process_time()
        for sample in samples:
            engine.apply(sample, at)
        spent += time.process_time() - began
    return spent


def _sample(subject: str, at: float, depth_m: float) -> Sample:
    return Sample(
        stream="readings",
        profile="water_level",
        subject=subject,
        at=at,
        keys={"subject": subject, "box": "b", "site": "s", "district": "d"},
        fields={"depth_m": depth_m},
    )


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def _main(rules: int, cache: PackCache | None) -> None:
    sources = _sources(rules)
    began, before = time.process_time(), _rss_mb()
    engine = Engine(compile_packs(sources, cache))
    load_s, loaded = time.process_time() - began, _rss_mb()
    _feed(engine, _T0, 0.01)
    gc.collect()
    gc.freeze()
    figures = {
        "load_s": load_s,
        "rules_mb": loaded - before,
        "reading_us": _feed(engine, _T0 + 10.0, 0.02) / _KEYS * 1e6,
        "keys": engine.key_count,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }
    print(json.dumps(figures))


def _run(*arguments: str) -> dict[str, float]:
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measure_many() -> dict[str, float]:
    """Return what ten thousand rules cost, and what ten cost over the same keys."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = _run("10"), _run("10000", folder)
        again = _run("10000", folder)
    return {
        "load_10k_s": round(many["load_s"], 2),
        "load_10k_cached_s": round(again["load_s"], 2),
        "rules_10k_mb": round(many["rules_mb"]),
        "rss_mb": round(many["peak_mb"]),
        "reading_us_10_rules": round(few["reading_us"], 2),
        "reading_us_10k_rules": round(many["reading_us"], 2),
        "reading_10k_over_10": round(many["reading_us"] / few["reading_us"], 2),
    }


if __name__ == "__main__":
    _main(int(sys.argv[1]), PackCache(Path(sys.argv[2])) if len(sys.argv) > 2 else None)
