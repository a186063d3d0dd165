"""What a box gives up when it is hot or its disk is full, in which order, and when it comes back."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Channel
from contracts.topics import Kind
from edge.attention.load_ladder import LoadLadder, Rung
from edge.health.disk_guard import DiskGuard, Want
from edge.health.heat_guard import HeatGuard
from runtime.outbox import Letter

START = datetime(2026, 7, 1, tzinfo=UTC)
KEEP = 1000


def never(_: object) -> object:
    """Compose nothing: the guards do not look into messages."""
    raise AssertionError


LETTERS = tuple(
    Letter(channel, Kind(channel.value), never)  # type: ignore[arg-type]
    for channel in Channel
    if channel is not Channel.STATUS
)


class Shelf:
    """Pictures, as far as the guard can tell."""

    def __init__(self) -> None:
        self.closed = ""
        self.asked: list[int] = []

    def give_up(self, size_bytes: int) -> int:
        """Note what was asked for."""
        self.asked.append(size_bytes)
        return 1


class Oven:
    """A box whose temperature is set by hand."""

    def __init__(self) -> None:
        self.celsius: float | None = 40.0
        self.ladder = LoadLadder()
        self.now = START
        self.guard = HeatGuard(
            self.ladder, lambda: self.celsius, limit_c=80.0, after_s=10.0, recover_s=60.0
        )

    def stay(self, celsius: float | None, seconds: float) -> list[Rung]:
        """Hold a temperature and return the rungs on the way."""
        self.celsius = celsius
        rungs = []
        for _ in range(round(seconds)):
            self.guard.step(self.now)
            rungs.append(self.ladder.floor)
            self.now += timedelta(seconds=1.0)
        return rungs


def test_heat_costs_one_rung_after_the_other() -> None:
    """Ten seconds of heat a step, in the order of the ladder, and never below its foot."""
    oven = Oven()
    assert set(oven.stay(79.9, 60)) == {Rung.FULL}
    rungs = oven.stay(90.0, 60)

    assert list(dict.fromkeys(rungs)) == list(Rung)
    assert rungs[5] is Rung.FULL
    assert oven.guard.counters == {"heat_rung": 3, "heat_steps_down": 3, "heat_steps_up": 0}


def test_it_comes_back_slowly_and_not_at_the_limit() -> None:
    """Just below the limit nothing is taken back; well below, one rung a minute is."""
    oven = Oven()
    oven.stay(90.0, 60)
    assert set(oven.stay(75.0, 300)) == {Rung.LOW_PRIORITY}
    rungs = oven.stay(60.0, 300)

    assert list(dict.fromkeys(rungs)) == [Rung.LOW_PRIORITY, Rung.REGIONS, Rung.FPS, Rung.FULL]


def test_heat_and_load_share_one_ladder() -> None:
    """The box stands where the worse of the two has brought it."""
    oven = Oven()
    oven.stay(90.0, 20)

    assert oven.ladder.rung is Rung.FULL
    assert oven.ladder.report(0.0, 1.0) is oven.ladder.floor is not Rung.FULL


def test_a_box_without_a_thermometer_is_left_alone() -> None:
    """Nobody knows: nothing is given up."""
    assert set(Oven().stay(None, 60)) == {Rung.FULL}


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        (KEEP, Want.NONE),
        (KEEP - 1, Want.PICTURES),
        (KEEP // 2 - 1, Want.TRACKS),
        (KEEP // 4 - 1, Want.COUNTS),
        (0, Want.COUNTS),
    ],
)
def test_the_less_room_the_more_is_given_up(free: int, expected: Want) -> None:
    """Pictures first, then tracks, then counts."""
    shelf = Shelf()
    guard = DiskGuard(lambda: free, keep_bytes=KEEP, pictures=[shelf])
    guard.step(START)
    kept = {letter.kind for letter in guard.admit(LETTERS)}

    assert guard.want is expected
    assert bool(shelf.closed) == (expected is not Want.NONE)
    assert (Kind.TRACKS in kept) == (expected < Want.TRACKS)
    assert (Kind.COUNTS in kept) == (expected < Want.COUNTS)


class Holding(Shelf):
    """Pictures whose going makes room on a disk."""

    def __init__(self, size: int, disk: list[int]) -> None:
        super().__init__()
        self.size, self.disk = size, disk

    def give_up(self, size_bytes: int) -> int:
        """Make as much room as there is to make."""
        given = min(self.size, size_bytes)
        self.size -= given
        self.disk[0] += given
        return super().give_up(size_bytes)


def test_originals_go_before_pictures_that_wait() -> None:
    """The second store is asked only for what the first could not give."""
    disk = [KEEP - 100]
    originals, pictures = Holding(150, disk), Holding(1000, disk)
    guard = DiskGuard(lambda: disk[0], keep_bytes=KEEP, pictures=[originals, pictures])
    guard.step(START)
    asked_first = list(pictures.asked)
    disk[0] = KEEP - 200
    guard.step(START + timedelta(seconds=10.0))

    assert asked_first == []
    assert (originals.asked, pictures.asked) == ([100, 200], [150])
    assert guard.counters["pictures_given_up"] == 3
    assert guard.want is Want.NONE


def looked(guard: DiskGuard, frees: Iterable[int], cell: list[int]) -> list[Want]:
    """Return what is given up as the free space changes."""
    wants = []
    for number, free in enumerate(frees):
        cell[0] = free
        guard.step(START + timedelta(seconds=10.0 * number))
        wants.append(guard.want)
    return wants


def test_it_takes_back_with_some_room_to_spare() -> None:
    """At the very limit it would swing: a quarter more is wanted."""
    cell = [0]
    guard = DiskGuard(lambda: cell[0], keep_bytes=KEEP)
    wants = looked(guard, [KEEP, KEEP - 1, KEEP + 1, KEEP + 249, KEEP + 250], cell)

    assert wants == [Want.NONE, Want.PICTURES, Want.PICTURES, Want.PICTURES, Want.NONE]


@given(st.lists(st.integers(0, 3 * KEEP), min_size=1, max_size=20))
def test_what_matters_is_always_kept(frees: list[int]) -> None:
    """Whatever the disk does, readings, observations and the urgent lane pass, and drops are counted."""
    cell = [0]
    shelf = Shelf()
    guard = DiskGuard(lambda: cell[0], keep_bytes=KEEP, pictures=[shelf])
    withheld = 0
    for number, free in enumerate(frees):
        cell[0] = free
        guard.step(START + timedelta(seconds=10.0 * number))
        admitted = guard.admit(LETTERS)
        withheld += len(LETTERS) - len(admitted)
        kinds = {letter.kind for letter in admitted}
        assert {Kind.READINGS, Kind.OBSERVATIONS, Kind.URGENT} <= kinds

    assert guard.counters["tracks_withheld"] + guard.counters["counts_withheld"] == withheld
    assert shelf.asked == [KEEP - free for free in frees if free < KEEP]


def test_a_disk_that_cannot_be_asked_changes_nothing() -> None:
    """A folder that is gone is somebody else's alarm; the guard goes on."""

    def gone() -> int:
        raise FileNotFoundError

    guard = DiskGuard(gone, keep_bytes=KEEP)
    guard.step(START)

    assert (guard.want, guard.free) == (Want.NONE, None)
