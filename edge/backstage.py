"""Work that the agent's loop does not wait for."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["Backstage"]

T = TypeVar("T")


class Backstage:
    """One thread, one piece of work after the other.

    Args:
        threaded: False does the work at once, where the same input must give the same output.
    """

    def __init__(self, *, threaded: bool) -> None:
        self._threads = ThreadPoolExecutor(1, "backstage") if threaded else None

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Return what will come of work; what it raises must be of its own making and handled there."""
        if self._threads is not None:
            return self._threads.submit(work)
        done: Future[T] = Future()
        done.set_result(work())
        return done

    def close(self) -> None:
        """Finish what is under way and give up what waits."""
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
