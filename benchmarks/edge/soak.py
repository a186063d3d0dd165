"""Eight cameras for hours: whether memory stays where it is.

Every sample is written down when it is taken, so that a run that is broken off has told what it saw. A
later run goes on in the same file until the time asked for is full; memory is compared within the
longest run only, since every run is a box of its own.
"""

import json
import statistics
import time
from pathlib import Path

import click

from benchmarks.edge.cameras import Films, pass_time, running, warm
from benchmarks.edge.processes import pss_mb

__all__ = ["judged", "soak"]

_CAMERAS = 8
_EVERY_S = 15.0
"""Seconds between two samples."""

Sample = dict[str, float]


def soak(films: Films, seconds: float, file: Path, *, workers: int) -> dict[str, float]:
    """Return how memory moved while eight cameras ran for so long, all runs in the file together.

    Args:
        films: what the cameras see.
        seconds: of all runs together.
        file: where samples are written, one JSON object a line, and where earlier runs wrote theirs.
        workers: inference workers.
    """
    samples = _read(file)
    done_s = sum(max(one["run_s"] for one in run) for run in _runs(samples))
    number = 1.0 + max((one["run"] for one in samples), default=0.0)
    paths = [films.active[camera % 4] for camera in range(_CAMERAS)]
    if done_s < seconds:
        with running(paths, workers) as (agent, listener), file.open("a", encoding="utf-8") as out:
            warm(agent, listener)
            started_s = time.monotonic()
            run_s = 0.0
            while done_s + run_s < seconds:
                pass_time(agent, listener, min(_EVERY_S, seconds - done_s - run_s))
                run_s = time.monotonic() - started_s
                frames = sum(agent.counters[f"c-{n}.frames_read"] for n in range(_CAMERAS))
                sample = {
                    "run": number,
                    "run_s": round(run_s, 1),
                    "pss_mb": round(pss_mb(), 2),
                    "frames": float(frames),
                }
                samples.append(sample)
                out.write(json.dumps(sample) + "\n")
                out.flush()
                click.echo(f"{'':4}{sample}", err=True)
    return judged(samples)


def judged(samples: list[Sample]) -> dict[str, float]:
    """Return the memory at the start, in the middle and at the end of the longest run, in MB.

    Each is the median of a tenth of the run, at least of three samples; the first tenth, in which scenes
    and sizes are learnt, is left out.
    """
    runs = _runs(samples)
    if not runs:
        return {"soak_s": 0.0}
    longest = max(runs, key=lambda run: run[-1]["run_s"])
    settled = longest[len(longest) // 10 :]
    width = max(len(longest) // 10, min(3, len(settled)))
    middle = (len(settled) - width) // 2

    def median(part: list[Sample]) -> float:
        return round(statistics.median(one["pss_mb"] for one in part), 1)

    return {
        "soak_s": round(sum(run[-1]["run_s"] for run in runs), 1),
        "soak_longest_s": longest[-1]["run_s"],
        "soak_frames": sum(run[-1]["frames"] for run in runs),
        "soak_start_mb": median(settled[:width]),
        "soak_middle_mb": median(settled[middle : middle + width]),
        "soak_end_mb": median(settled[-width:]),
    }


def _read(file: Path) -> list[Sample]:
    """Return the samples of earlier runs; a line that was cut off by a crash is left out."""
    if not file.is_file():
        return []
    samples = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            samples.append(json.loads(line))
        except json.JSONDecodeError:
            click.echo(f"{file}: a line that was cut off is left out: {line[:60]}", err=True)
    return samples


def _runs(samples: list[Sample]) -> list[list[Sample]]:
    numbers = sorted({one["run"] for one in samples})
    return [[one for one in samples if one["run"] == number] for number in numbers]
