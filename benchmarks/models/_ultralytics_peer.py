"""Ultralytics' own tracking of a film, with the same ONNX file; run by the Python of .venv-ultralytics.

As its documentation shows it: ``model.track(source, stream=True)`` with ByteTrack. Reads a request a
line (the number of frames, looping the film) and answers with one JSON object: seconds of the clock and of
the processor.
"""

import importlib
import json
import sys
import time
from collections.abc import Iterator
from typing import Any


def _tracked(model: Any, film: str) -> Iterator[Any]:
    while True:
        yield from model.track(
            source=film,
            stream=True,
            imgsz=320,
            conf=0.1,
            tracker="bytetrack.yaml",
            persist=True,
            verbose=False,
            device="cpu",
        )


def main() -> None:
    """Answer requests until there are no more."""
    film, path = sys.argv[1:3]
    frames = _tracked(importlib.import_module("ultralytics").YOLO(path, task="detect"), film)
    while request := sys.stdin.readline():
        started, cpu = time.perf_counter(), time.process_time()
        for _ in range(int(request)):
            next(frames)
        answer = {"s": time.perf_counter() - started, "cpu_s": time.process_time() - cpu}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
