"""Whose processor time a run takes: publisher, hub and the gateway's threads share the same cores."""

import os
import threading
import time
from pathlib import Path
from typing import NamedTuple

__all__ = ["Spent", "spent_since", "spent_so_far"]

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_MAIN = "worker"
"""What the gateway's main thread does: everything but network, disk and stores."""


class Spent(NamedTuple):
    """Seconds of processor time."""

    hub_s: float
    threads_s: dict[str, float]
    """Of this process's threads, by name."""


def _of_process(pid: int) -> float:
    """Return a process's seconds, user and system; 0 where it is gone."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return 0.0
    words = line.rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS_PER_S


def spent_so_far(hub: int) -> Spent:
    """Return what the hub's process and each of our living threads have spent.

    Args:
        hub: the hub's process number.
    """
    found: dict[str, float] = {}
    main = threading.main_thread()
    for thread in threading.enumerate():
        if thread.ident is None:
            continue
        name = _MAIN if thread is main else thread.name
        clock = time.pthread_getcpuclockid(thread.ident)
        found[name] = found.get(name, 0.0) + time.clock_gettime(clock)
    return Spent(_of_process(hub), found)


def spent_since(before: Spent, after: Spent, messages: int) -> dict[str, float]:
    """Return microseconds a message by who spent them; what is below a tenth is left out.

    Args:
        before: where counting began.
        after: where it ended.
        messages: how many were handled between the two.
    """
    found = {"hub": after.hub_s - before.hub_s}
    for name, seconds in after.threads_s.items():
        found[f"gateway {name}"] = seconds - before.threads_s.get(name, 0.0)
    each = {name: round(seconds / messages * 1e6, 1) for name, seconds in found.items()}
    return {name: cost for name, cost in each.items() if cost >= 0.1}
