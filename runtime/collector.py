"""Python's collector of cyclic garbage, paused for work that makes many objects and no cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["paused_collector"]


@contextmanager
def paused_collector() -> Iterator[None]:
    """Spare Python looking through everything that is alive again and again: a third of such work.

    What is no longer referred to is freed all the same. Not for long-running parts.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
