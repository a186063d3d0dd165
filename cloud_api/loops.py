"""Loops: a thread for each thing that steps, so that one that hangs holds up no other."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from runtime.clock import Clock
from runtime.errors import Transient

__all__ = ["Loops", "Steps"]

_log = structlog.get_logger()
_LONGEST_PAUSE_S = 30.0
_FIRST_S = 1.0
"""The first look is soon, however long the pauses are."""


class Steps(Protocol):
    """Something that does a little at a time."""

    def step(self, now: datetime) -> int:
        """Do a little; return how much it was, 0 when there is nothing to do."""


class Loops:
    """A thread for each thing that steps.

    Args:
        named: what steps, with a name for threads and logs, and the real seconds between looks.
        clock: the moment of each step.
        failed: called with the name of what failed.
    """

    def __init__(
        self,
        named: Sequence[tuple[str, Steps, float]],
        clock: Clock,
        *,
        failed: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._failed = failed
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._run, args=(name, steps, interval_s), name=name, daemon=True
            )
            for name, steps, interval_s in named
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float) -> None:
        """Finish the present steps and end; waits up to ``timeout_s`` seconds for each."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout_s)

    def _run(self, name: str, steps: Steps, interval_s: float) -> None:
        pause_s = min(interval_s, _FIRST_S)
        while not self._stopping.wait(pause_s):
            try:
                done = steps.step(self._clock.now())
            except Exception as error:  # noqa: BLE001 - the loop of a service: logged, counted, goes on
                self._failed(name)
                transient = isinstance(error, Transient)
                _log.error(
                    "loop_step_failed", loop=name, transient=transient, exc_info=not transient
                )
                pause_s = max(interval_s, min(_LONGEST_PAUSE_S, max(pause_s, interval_s) * 2))
                continue
            pause_s = 0.0 if done else interval_s
