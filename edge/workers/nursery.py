"""Where worker processes come from: forked from a parent that has imported what they need."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess

import cv2

__all__ = ["Nursery", "quieten"]

_PRELOADED = ["edge.workers.decoder", "edge.workers.inference_worker"]

_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)
"""Libraries that would start a thread for each core in every process."""


class Nursery:
    """Starts processes that share the memory of what they have in common.

    The fork server is a process of its own, without threads, so that forking is safe however many
    threads the agent has. Its children share the pages of numpy, the decoder and the inference
    runtime until they write to them.

    From then on OpenCV uses one thread in this process too: it would share each small picture with a
    thread that takes a core from a worker, and wait for it.
    """

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOADED)

    def start(
        self,
        name: str,
        target: str,
        *arguments: object,
    ) -> tuple[BaseProcess, Connection]:
        """Start a process; return it and this side of a pipe to it.

        Args:
            name: of the process.
            target: ``decoder`` or ``inference``.
            arguments: what the target is called with after its end of the pipe.
        """
        # imported here: the inference worker brings onnxruntime, which the agent does without
        from edge.workers import entry  # noqa: PLC0415

        ours, theirs = self._context.Pipe(duplex=True)
        process = self._context.Process(
            target=entry.run, args=(target, theirs, *arguments), name=name, daemon=True
        )
        with _one_thread(), _without_main():
            process.start()
        theirs.close()
        return process, ours


@contextmanager
def _one_thread() -> Iterator[None]:
    """Have what starts meanwhile use one thread for each process."""
    kept = {key: os.environ.get(key) for key in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for key, value in kept.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


@contextmanager
def _without_main() -> Iterator[None]:
    """Keep what starts meanwhile from importing the program that the agent was started as.

    Every worker would load all of it, for nothing: 60 MB each where that is the inference runtime.
    """
    main = sys.modules["__main__"]
    names = vars(main)
    kept: dict[str, object] = {one: names[one] for one in ("__spec__", "__file__") if one in names}
    main.__spec__ = None
    names.pop("__file__", None)
    try:
        yield
    finally:
        names.update(kept)


def quieten() -> None:
    """Leave Ctrl-C to the agent, which then stops its workers in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
