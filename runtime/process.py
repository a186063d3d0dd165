"""Being a well-behaved process: stop when asked to, and wait without being late for that."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["StopFlag", "call_on_hangup", "stop_on_signals"]


class StopFlag:
    """Whether it is time to stop; set once, by a signal or by the code itself. Thread-safe."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason = ""
        """What asked for the stop: a signal's name, or what :meth:`set` was given."""

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self, reason: str) -> None:
        """Ask for the stop; only the first reason is kept."""
        self.reason = self.reason or reason
        self._event.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the stop, ``timeout_s`` real seconds at most; returns whether it came."""
        return self._event.wait(timeout_s)


@contextmanager
def stop_on_signals(stop: StopFlag | None = None) -> Iterator[StopFlag]:
    """Yield a flag that SIGTERM and SIGINT set; a second signal ends the process at once.

    The former handlers come back at the end. Main thread only.
    """
    flag = stop or StopFlag()

    def handle(number: int, _frame: FrameType | None) -> None:
        if flag:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        flag.set(signal.Signals(number).name)

    former = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield flag
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def call_on_hangup(action: Callable[[], None]) -> Iterator[None]:
    """Call ``action`` at every SIGHUP, the usual wish to read the configuration again.

    It runs between two instructions of the main thread, so it should only set a flag. Main thread only.
    """
    former = signal.signal(signal.SIGHUP, lambda _number, _frame: action())
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, former)
