"""Things left behind."""

from edge.analytics.left_object import LeftObject, LeftObjectChange, Thing

BAG = Thing(0.5, 0.8, 0.05, carries=False)


def _person(x: float) -> Thing:
    return Thing(x, 0.8, 0.2, carries=True)


def _run(script: list[tuple[float, dict[int, Thing]]]) -> list[LeftObjectChange]:
    watch = LeftObject(after_s=30.0)
    return [change for at, things in script for change in watch.update(things, at)]


def test_a_bag_whose_owner_walks_off_is_left() -> None:
    """Thirty seconds after the owner was last near, and not before."""
    script = [(float(s), {1: BAG, 2: _person(0.5)}) for s in range(20)]
    script += [(float(s), {1: BAG, 2: _person(1.4)}) for s in range(20, 60)]

    assert _run(script) == [LeftObjectChange(1, True, 19.0, 49.0)]


def test_a_bag_that_is_watched_is_not() -> None:
    """An owner beside it, however long."""
    assert _run([(float(s), {1: BAG, 2: _person(0.6)}) for s in range(600)]) == []


def test_a_bag_that_is_carried_is_not() -> None:
    """What moves does not rest."""
    moving = [(float(s), {1: Thing(0.01 * s, 0.8, 0.05, carries=False)}) for s in range(90)]

    assert _run(moving) == []


def test_it_ends_when_somebody_takes_it() -> None:
    """A thing that is gone for ten seconds is no longer left."""
    script = [(float(s), {1: BAG}) for s in range(40)]
    script += [(float(s), {}) for s in range(40, 60)]
    changes = _run(script)

    assert [change.began for change in changes] == [True, False]
    assert changes[1].until_s == 39.0


def test_a_parked_car_is_no_thing() -> None:
    """Vehicles and people are owners, not what is left."""
    assert _run([(float(s), {1: _person(0.5)}) for s in range(90)]) == []
