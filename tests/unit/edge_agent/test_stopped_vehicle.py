"""Vehicles that stop, and who merely stands still."""

from hypothesis import given
from hypothesis import strategies as st

from edge.analytics.stillness import Spot, Stillness
from edge.analytics.stopped_vehicle import StoppedChange, StoppedVehicle

CAR = 0.2


def car(x: float) -> Spot:
    """Return a car a fifth of the picture high."""
    return Spot(x, 0.8, CAR)


def drive(course: list[tuple[float, float]], after_s: float = 30.0) -> list[StoppedChange]:
    """Return what is told of a car that is at places x at moments."""
    watch = StoppedVehicle(after_s=after_s)
    return [change for at, x in course for change in watch.update({1: car(x)}, at)]


def test_a_car_that_parks_is_told_once_and_again_when_it_drives_on() -> None:
    """At its place from second 8 to 59: told at 38, over at 59."""
    course = [(float(s), 0.02 * min(s, 10)) for s in range(60)]
    course += [(60.0 + s, 0.2 + 0.1 * (s + 1)) for s in range(5)]

    assert drive(course) == [
        StoppedChange(1, True, 8.0, 38.0),
        StoppedChange(1, False, 8.0, 59.0),
    ]


def test_a_queue_that_crawls_is_not_parked() -> None:
    """Half a car's height every ten seconds, for ten minutes: it never stands for thirty."""
    assert drive([(float(s), 0.1 * (s // 10) % 1.0) for s in range(600)]) == []


def test_a_wavering_box_stands_still() -> None:
    """A detector's edge trembles by a few percent of the box."""
    course = [(s / 5.0, 0.5 + 0.02 * (-1) ** s) for s in range(400)]

    assert [change.began for change in drive(course)] == [True]


def test_a_car_that_is_hidden_for_a_while_is_the_same_stop() -> None:
    """Eight seconds behind a bus end nothing; twelve do."""
    seen = [float(s) for s in range(60) if not 40 <= s < 48]
    watch = StoppedVehicle(after_s=30.0)
    told = [c.began for at in seen for c in watch.update({1: car(0.5)}, at)]
    gone = [c for at in (62.0, 70.0) for c in watch.update({}, at)]

    assert told == [True]
    assert gone == [StoppedChange(1, False, 0.0, 59.0)]


def test_what_stood_is_over_when_everything_is_forgotten() -> None:
    """Every start gets its end."""
    watch = StoppedVehicle(after_s=5.0)
    for second in range(10):
        watch.update({1: car(0.5), 2: car(0.9)}, float(second))

    assert [(change.track, change.began) for change in watch.clear()] == [(1, False), (2, False)]
    assert watch.clear() == []


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), max_size=80))
def test_starts_and_ends_alternate(course: list[tuple[float, bool]]) -> None:
    """Whatever a car does, it is never told twice in a row that it began, or that it ended."""
    watch = StoppedVehicle(after_s=3.0, forget_s=2.0)
    told = [
        change.began
        for second, (x, there) in enumerate(course)
        for change in watch.update({1: car(x)} if there else {}, float(second))
    ]
    told += [change.began for change in watch.clear()]

    assert told == [number % 2 == 0 for number in range(len(told))]
    assert len(told) % 2 == 0


def test_standing_still_is_measured_in_the_track_s_own_size() -> None:
    """Five hundredths of the picture are much for a far car and nothing for a near one."""
    still = Stillness()
    for second in range(10):
        x = 0.5 + (0.05 if second == 5 else 0.0)
        still.update({1: Spot(x, 0.8, 0.4), 2: Spot(x, 0.3, 0.05)}, float(second))

    assert (still.still_s(1), still.still_s(2)) == (9.0, 3.0)
    assert still.still_s(3) == 0.0
