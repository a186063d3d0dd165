"""How fast a network runs on this box when its work is shared out in one way or another."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.vision.letterbox import as_input
from edge.workers.inference_pool import InferencePool
from edge.workers.nursery import Nursery
from edge.workers.orders import ModelOrder
from edge.workers.ticket import Fill, Ticket

__all__ = ["Advice", "Trial", "advise", "measure", "trials"]

_WARM_UP = 8
"""Answers before the clock starts: caches fill, clocks of the processor rise."""

_CLEARLY = 1.05
"""A faster way must be this much faster, else the one with fewer processes is taken."""

_SPARE = 0.7
"""Share of the measured rate that may be planned with; the rest is decoding and rules.

Source: expert setting, from the benchmark of cameras: beyond it frames begin to wait.
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """One way of sharing out, and what it reached.

    Attributes:
        runtime: what ran the network.
        workers: processes.
        threads: of each inference.
        per_s: inferences a second, all workers together; 0 where it did not run.
        fault: why it did not run.
    """

    runtime: str
    workers: int
    threads: int
    per_s: float = 0.0
    fault: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the trial as plain values."""
        return asdict(self) | {"per_s": round(self.per_s, 1)}


@dataclass(frozen=True, slots=True)
class Advice:
    """What suits the box.

    Attributes:
        best: the trial to follow.
        active_fps: looks a second that each camera can have while all are active at once; None
            where every frame can be looked at.
    """

    best: Trial
    active_fps: float | None


def trials(cores: int, runtimes: Sequence[str]) -> list[Trial]:
    """Return what is worth trying on so many cores.

    One process with a thread for each core, as most do it, against a process for each core with one
    thread each; and half as many, for boxes whose other half decodes.
    """
    ways = {(1, 1), (1, cores), (cores, 1), (max(cores // 2, 1), 1)}
    return [Trial(runtime, *way) for runtime in runtimes for way in sorted(ways)]


def measure(trial: Trial, order: ModelOrder, *, seconds: float) -> Trial:
    """Return a trial with what it reached in so many seconds.

    Args:
        trial: the way.
        order: the network; its runtime and threads are the trial's.
        seconds: of measuring, after loading and warming up.
    """
    wanted = replace(order, runtime=trial.runtime, threads=trial.threads)
    pool = InferencePool([wanted], trial.workers, Nursery(), Random(1))  # noqa: S311 - jitter
    try:
        pool.start()
        number, facts = pool.facts(wanted)

        def fill(memory: NDArray[np.uint8]) -> tuple[int, int]:
            as_input(memory, np.dtype(facts.dtype), facts.height, facts.width)[...] = 0.5
            return facts.height, facts.width

        return replace(trial, per_s=_rate(pool, number, fill, trial.workers, seconds))
    except ModelError as error:
        return replace(trial, fault=str(error))
    finally:
        pool.close()


def advise(done: Sequence[Trial], *, cameras: int, fps: float) -> Advice | None:
    """Return what suits the box, or None where nothing ran.

    Args:
        done: measured trials.
        cameras: that share the network.
        fps: frames a second of each.
    """
    ran = sorted((one for one in done if one.per_s > 0.0), key=lambda one: one.workers)
    if not ran:
        return None
    best = ran[0]
    for one in ran[1:]:
        if one.per_s > _CLEARLY * best.per_s:
            best = one
    share = _SPARE * best.per_s / max(cameras, 1)
    return Advice(best, None if share >= fps else round(max(share, 0.5), 1))


def _rate(
    pool: InferencePool,
    number: int,
    fill: Fill,
    workers: int,
    seconds: float,
) -> float:
    """Return answers a second while there is always a question waiting."""
    asked: list[Ticket] = []
    answered, started_s = 0, 0.0
    deadline_s = time.monotonic() + 60.0 + seconds
    while time.monotonic() < deadline_s:
        while len(asked) < 3 * workers:
            asked.append(pool.ask(number, fill))
        pool.step()
        done = [ticket for ticket in asked if ticket.done]
        asked = [ticket for ticket in asked if not ticket.done]
        answered += sum(ticket.boxes is not None for ticket in done)
        now_s = time.monotonic()
        if started_s == 0.0 and answered >= _WARM_UP * workers:
            answered, started_s = 0, now_s
        if started_s > 0.0 and now_s - started_s >= seconds:
            return answered / (now_s - started_s)
        time.sleep(0.0005)
    msg = f"inference: {answered} answers in {60.0 + seconds:g} s; this box is too slow for it"
    raise ModelError(msg)
