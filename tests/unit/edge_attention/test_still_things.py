"""Things that stand still, and what wakes the detector all the same."""

import numpy as np
from numpy.typing import NDArray

from edge.attention.still_things import StillThings
from edge.vision.tracks import Tracks

CAR = (100.0, 60.0, 180.0, 110.0)
NAMES = ("car",)


def street(*, car: bool = True, lamp: bool = False, level: float = 1.0) -> NDArray[np.uint8]:
    """Return a street's brightness, with a car that has windows, and perhaps a headlight."""
    picture = np.random.default_rng(4).normal(100, 3, (240, 320))
    if car:
        picture[60:110, 100:180] = 180
        picture[65:80, 110:170] = 40
        picture[95:105, 105:175] = 90
    if lamp:
        picture[84:94, 100:112] = 250
    return np.clip(picture * level, 0, 255).astype(np.uint8)


def tracks(box: tuple[float, ...] = CAR, *, seen: bool = True, track: int = 7) -> Tracks:
    """Return one track."""
    return Tracks(
        np.asarray([track], np.int64),
        np.asarray([box], np.float32),
        np.asarray([0.9], np.float32),
        np.asarray([0], np.int32),
        np.asarray([5.0]),
        np.asarray([9], np.int32),
        np.asarray([0.0 if seen else 1.0]),
        NAMES,
    )


def parked() -> StillThings:
    """Return what is known after a car stood for ten seconds."""
    still = StillThings()
    for second in range(11):
        still.learn(tracks(), street(), float(second))
    return still


def test_a_thing_is_still_after_ten_seconds() -> None:
    """Before that it may have stopped at a light."""
    still = StillThings()
    still.learn(tracks(), street(), 0.0)
    still.learn(tracks(), street(), 9.0)
    early = still.is_still(7)
    still.learn(tracks(), street(), 10.0)

    assert [early, still.is_still(7)] == [False, True]


def test_a_car_that_drives_is_never_still() -> None:
    """A box that moves on begins its stay anew."""
    still = StillThings()
    for second in range(30):
        still.learn(tracks((100.0 + 10 * second, 60, 180.0 + 10 * second, 110)), street(), second)

    assert not still.is_still(7)


def test_headlights_and_dusk_leave_the_car_where_it_is() -> None:
    """Light within the box, and less light on everything, still show the same car."""
    still = parked()

    assert list(still.anchored(street(lamp=True), 12.0)) == [7]
    assert list(still.anchored(street(level=0.6), 12.0)) == [7]


def test_a_car_that_left_is_not_anchored() -> None:
    """Where the car stood is asphalt."""
    assert parked().anchored(street(car=False), 12.0) == {}


def test_a_look_alone_does_not_keep_a_thing_for_ever() -> None:
    """Without a detection in five minutes it may never have been a car."""
    still = parked()

    assert list(still.anchored(street(), 309.0)) == [7]
    assert list(still.anchored(street(), 311.0)) == []


def test_a_flat_crop_anchors_nothing() -> None:
    """A patch of plain road looks like any other patch of plain road."""
    still = StillThings()
    plain = np.full((240, 320), 100, np.uint8)
    for second in range(12):
        still.learn(tracks(), plain, float(second))

    assert still.anchored(plain, 12.0) == {}


def test_ended_tracks_are_forgotten() -> None:
    """What the tracker gave up takes no memory."""
    still = parked()
    still.learn(tracks(track=8), street(), 12.0)

    assert not still.is_still(7)


def test_a_box_outside_the_picture_is_harmless() -> None:
    """A predicted box may lie beyond the border."""
    still = StillThings()
    for second in range(12):
        still.learn(tracks((400, 300, 450, 350)), street(), float(second))

    assert still.anchored(street(), 12.0) == {}
