"""What decoding alone costs: the yardstick for what a box does beyond it."""

import statistics
import time
from pathlib import Path

import av

__all__ = ["decoding_s"]


def decoding_s(film: Path, *, rounds: int = 5) -> float:
    """Return the seconds of the processor that one frame of a film takes to decode, nothing else.

    The median of whole films, in this process, with one thread as a box's decoders have.

    Args:
        film: the file.
        rounds: how often it is decoded.
    """
    seconds = []
    for _ in range(rounds):
        started_s, frames = time.process_time(), 0
        with av.open(str(film)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "SLICE"
            stream.codec_context.thread_count = 1
            for _frame in container.decode(stream):
                frames += 1
        seconds.append((time.process_time() - started_s) / max(frames, 1))
    return statistics.median(seconds)
