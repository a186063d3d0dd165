"""What a message costs, and what a gateway weighs, with more and more devices."""

import gc
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import structlog

from benchmarks.gateway.load import level_reading
from benchmarks.gateway.runs import memory_gateway
from runtime.memory_hub import MemoryHub

__all__ = ["Size", "measure_size"]

_BOXES = 50
_CHUNK = 1_000
_ROUNDS = 3
"""How often every device is heard of before anything is timed."""


class Size(NamedTuple):
    """One gateway without a broker, everything on."""

    cpu_us_per_message: float
    rss_mb: float
    """Resident memory of the process, hub and load in it included."""


def measure_size(devices: int, messages: int, pack: int) -> Size:
    """Return what ``messages`` of ``devices`` devices cost, in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    child = spawn.Process(target=_measure, args=(theirs, devices, messages, pack))
    child.start()
    theirs.close()  # a child that dies must not be waited for
    found: Size = ours.recv()
    child.join()
    return found


def _measure(answer: Connection, devices: int, messages: int, pack: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    warm = -(-devices * _ROUNDS // pack)
    load = _messages(devices, pack)
    with tempfile.TemporaryDirectory() as name:
        hub = MemoryHub(queue_limit=2 * _CHUNK)
        gateway = memory_gateway(Path(name) / "gateway", hub, rules=1)
        gateway.start()
        box = hub.session("box")
        box.start()
        spent_s = 0.0
        for done in range(0, warm + messages, _CHUNK):
            for topic, payload in islice(load, _CHUNK):
                box.publish(topic, payload)
            began_s = time.process_time()
            while gateway.step(datetime.now(UTC)):
                pass
            if done >= warm:
                spent_s += time.process_time() - began_s
            elif done % 20_000 == 0:
                # the service does so after every checkpoint
                gc.collect(1)
                gc.freeze()
        timed = -(-(warm + messages) // _CHUNK) * _CHUNK - -(-warm // _CHUNK) * _CHUNK
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        gateway.close()
    answer.send(Size(spent_s / timed * 1e6, pages * 4096 / 1e6))


def _messages(devices: int, pack: int) -> Iterator[tuple[str, bytes]]:
    seqs, at = [0] * _BOXES, datetime.now(UTC)
    for number in count():
        box, first = number % _BOXES, number * pack
        if first % devices < pack:
            at = datetime.now(UTC)
        yield level_reading(box, seqs[box], first, pack, at, devices)
        seqs[box] += 1
