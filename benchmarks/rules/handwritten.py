"""Rule engine against a hand-written Python ladder, in one run and turn about.

The yardstick is one function that a programmer would write for one three-step ladder: thresholds in
the code, per-key state in a dict, hysteresis, ``for`` and ``clear_for`` in event time; nothing of
units, unknown values, late samples, snapshots or causes. Both are fed the same samples: a hundred
ponds whose water rises and falls through all three levels.
"""

import math
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

from rules.engine import Engine
from rules.pack import compile_pack
from rules.sample import Sample

__all__ = ["measure", "measure_engine"]

_T0 = 1_700_000_000.0
_PONDS = 100
_ROUNDS = 7
_STEPS = (("blue", 0.15, 0.12), ("yellow", 0.27, 0.23), ("red", 0.40, 0.35))
_FOR_S, _CLEAR_FOR_S = 60.0, 300.0


def _rule(index: int) -> dict[str, Any]:
    ladder = [
        {
            "level": level,
            "when": f"depth_m >= {raised + index / 1000:.3f} m",
            "clear": f"depth_m < {cleared + index / 1000:.3f} m",
            "for": f"{_FOR_S:.0f}s",
            "clear_for": f"{_CLEAR_FOR_S:.0f}s",
        }
        for level, raised, cleared in _STEPS
    ]
    return {
        "id": f"ponding-{index}",
        "event": {"type": "water.ponding"},
        "watch": {"profile": "water_level"},
        "key": ["subject"],
        "ladder": ladder,
    }


def _error(path: object, message: str) -> Exception:
    return ValueError(f"{path}: {message}")


def _engine(rules: int) -> Engine:
    data = {"rules": [_rule(index) for index in range(rules)]}
    return Engine([compile_pack(data, "benchmark", _error)])


def _samples(count: int) -> list[Sample]:
    """Return readings of all ponds in turn, every 10 s, with three hours from flood to flood."""
    samples: list[Sample] = []
    for index in range(count):
        at, pond = index // _PONDS * 10.0, index % _PONDS
        wave = math.sin(2.0 * math.pi * (at / 10_800.0 + pond / _PONDS))
        samples.append(
            Sample(
                stream="readings",
                profile="water_level",
                subject=f"pond-{pond}",
                at=_T0 + at,
                keys={"subject": f"pond-{pond}", "box": "box-1", "site": "west"},
                fields={"depth_m": max(0.0, 0.5 * wave)},
            )
        )
    return samples


class _Handwritten:
    """What one would write for one rule; ``found`` counts changes of level."""

    def __init__(self, rules: int) -> None:
        self._shifts = [index / 1000 for index in range(rules)]
        self._states: dict[tuple[int, str], list[Any]] = {}
        self.found = 0

    def apply(self, sample: Sample, _now: float) -> None:
        """Judge one sample by every rule."""
        depth, at, subject = sample.fields["depth_m"], sample.at, sample.keys["subject"]
        for rule, shift in enumerate(self._shifts):
            self._judge(rule, subject, depth - shift, at)  # type: ignore[operator]

    def _judge(self, rule: int, subject: str, depth: float, at: float) -> None:
        state = self._states.get((rule, subject))
        if state is None:
            state = self._states[rule, subject] = [-1, [None] * 3, [False] * 3]
        since, held = state[1], state[2]
        for step, (_, raised, cleared) in enumerate(_STEPS):
            if held[step]:
                pressing, delay = depth < cleared, _CLEAR_FOR_S
            else:
                pressing, delay = depth >= raised, _FOR_S
            if not pressing:
                since[step] = None
            elif since[step] is None:
                since[step] = at
            elif at - since[step] >= delay:
                held[step] = not held[step]
                since[step] = None
        level = 2 if held[2] else 1 if held[1] else 0 if held[0] else -1
        if level != state[0]:
            state[0] = level
            self.found += 1


def _seconds(apply: Callable[[Sample, float], object], samples: Iterable[Sample]) -> float:
    started = time.process_time()
    for sample in samples:
        apply(sample, sample.at)
    return time.process_time() - started


def measure(rules: int, samples: list[Sample]) -> tuple[float, float]:
    """Return microseconds per evaluation of engine and yardstick: medians of alternating rounds."""
    evaluations = len(samples) * rules
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(_ROUNDS):
        ours.append(_seconds(_engine(rules).apply, samples))
        theirs.append(_seconds(_Handwritten(rules).apply, samples))
    return (
        statistics.median(ours) / evaluations * 1e6,
        statistics.median(theirs) / evaluations * 1e6,
    )


def _check_same(samples: list[Sample]) -> int:
    """Return how many statements both make; the yardstick is none if it does other work."""
    engine, handwritten = _engine(1), _Handwritten(1)
    found = 0
    for sample in samples:
        found += len(engine.apply(sample, sample.at))
        handwritten.apply(sample, sample.at)
    if found != handwritten.found:
        msg = f"engine made {found} statements, the hand-written ladder {handwritten.found}"
        raise AssertionError(msg)
    return found


def measure_engine() -> dict[str, float]:
    """Return evaluations per second with one and ten rules, and engine over hand-written."""
    samples = _samples(120_000)
    figures: dict[str, float] = {"statements": _check_same(samples)}
    for rules, part in ((1, samples), (10, samples[:30_000])):
        ours, theirs = measure(rules, part)
        figures |= {
            f"evaluations_per_s_{rules}": round(1e6 / ours),
            f"handwritten_per_s_{rules}": round(1e6 / theirs),
            f"engine_over_handwritten_{rules}": round(ours / theirs, 2),
        }
    return {**figures, "engine_over_handwritten": figures["engine_over_handwritten_1"]}
