"""Several sittings of an exam, some at a time: each in a process of its own, each with its own stores."""

import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from msgspec import Struct

from cityloop.exam.chosen_detector import DetectorChoice, with_detector
from cityloop.exam.marking import mark
from cityloop.exam.score import Paper
from cityloop.exam.sitting import sit
from runtime.logging import configure_logging
from simulators.city.city_document import load_city

__all__ = ["Seat", "sit_all", "sit_one"]

_SAMPLE_S, _FRAME_S = 0.0002, 0.012
"""Processor time of one sample and of one drawn frame, seconds. Source: measured with the shipped scenarios."""


class Seat(Struct, frozen=True, kw_only=True):
    """What one sitting needs to know."""

    scenario: str
    """Shipped name or path."""
    seed: int
    surge: float = 1.0
    quick: bool = False
    packs: tuple[str, ...] = ()
    detector: DetectorChoice | None = None
    """None: what each camera's scenario says."""


def sit_one(seat: Seat, progress: Callable[[float], None] | None = None) -> Paper:
    """Return the marked paper of one sitting.

    Args:
        seat: what is sat.
        progress: is told the second of the scenario after every step.

    Raises:
        ScenarioError: the scenario cannot be read.
        ExamError: no exam took place.
    """
    city = load_city(seat.scenario, seat.seed, surge=seat.surge)
    city = with_detector(city, seat.detector)
    with tempfile.TemporaryDirectory(dir=_memory_disk()) as folder:
        sitting = sit(
            city,
            Path(folder),
            packs=seat.packs,
            until_s=city.quick_s if seat.quick else city.lasts_s,
            progress=progress,
        )
    marks = mark(
        city,
        sitting.incidents,
        sitting.episodes,
        sitting.until_s,
        reports=sitting.reports,
        standings=sitting.standings,
    )
    return Paper(sitting, marks)


def sit_all(seats: Sequence[Seat], jobs: int, told: Callable[[int], None]) -> list[Paper]:
    """Return the papers of many sittings, in the order of their seats.

    Args:
        seats: what is sat.
        jobs: how many at a time.
        told: is told the number of a seat when its sitting is over.

    Raises:
        ScenarioError: a scenario cannot be read.
        ExamError: no exam took place in one of them.
    """
    if jobs == 1 or len(seats) == 1:
        papers = []
        for number, seat in enumerate(seats):
            papers.append(sit_one(seat))
            told(number)
        return papers
    # spawned, not forked: a fork of a process with threads may stand still for ever
    context = multiprocessing.get_context("spawn")
    found: dict[int, Paper] = {}
    with ProcessPoolExecutor(
        min(jobs, len(seats)), mp_context=context, initializer=_quieten
    ) as pool:
        # the longest first: who begins it last waits for it alone
        order = sorted(range(len(seats)), key=lambda number: -_work_s(seats[number]))
        waiting = {pool.submit(sit_one, seats[number]): number for number in order}
        try:
            for done in as_completed(waiting):
                found[waiting[done]] = done.result()
                told(waiting[done])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [found[number] for number in range(len(seats))]


def _work_s(seat: Seat) -> float:
    """Return about how much processor time a sitting takes, seconds; only their order matters."""
    city = load_city(seat.scenario, seat.seed, surge=seat.surge)
    until_s = city.quick_s if seat.quick else city.lasts_s
    samples = sum(until_s / one.profile.cadence_s * one.count for one in city.groups)
    frames = sum(until_s * one.fps for one in city.cameras)
    return samples * _SAMPLE_S + frames * _FRAME_S


def _quieten() -> None:
    configure_logging("exam", "warning", to_stderr=True)


def _memory_disk() -> str | None:
    """Return a folder in memory where there is one; nothing of an exam has to outlive it."""
    shared = Path("/dev/shm")  # noqa: S108 - a fresh folder of our own is made in it
    return str(shared) if shared.is_dir() else None
