"""When and where the detector looks."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.attention.focus import Focus, FocusPolicy, Heed, Look
from edge.attention.still_things import StillThings
from edge.cameras.frame import Frame
from edge.vision.motion_gate import Motion
from edge.vision.tracks import Tracks
from tests.unit.edge_attention.test_still_things import street, tracks

NOBODY = Tracks.empty(("car",))
_AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def frame(pts_s: float, picture: NDArray[np.uint8] | None = None) -> Frame:
    """Return a picture of 320 x 240 pixels, seen at a moment."""
    return Frame.from_array(
        np.full((240, 320), 100, np.uint8) if picture is None else picture,
        camera="c",
        index=round(pts_s * 10),
        pts_s=pts_s,
        captured_at=_AT,
    )


def motion(*patches: tuple[float, ...], calibrating: bool = False) -> Motion:
    """Return what the gate says of moving patches."""
    boxes = np.asarray(patches, np.float32).reshape(-1, 4)
    return Motion(0.01 * len(boxes), boxes, calibrating, calibrating or len(boxes) > 0)


def decide(focus: Focus, pts_s: float, *patches: tuple[float, ...], who: Tracks = NOBODY) -> Look:
    """Return what is decided about a frame with these moving patches."""
    return focus.decide(frame(pts_s), motion(*patches), who, unsettled=False)


def test_the_first_look_is_at_everything() -> None:
    """A scene that nobody has seen is looked at whole."""
    assert decide(Focus(FocusPolicy()), 0.0).heed is Heed.WHOLE


@pytest.mark.parametrize(
    ("who", "looks"), [(NOBODY, 3), (tracks(), 11)], ids=["an empty street", "somebody there"]
)
def test_without_motion_the_second_clock_looks(who: Tracks, looks: int) -> None:
    """In ten seconds: every five while nobody is there, every one while somebody is."""
    focus = Focus(FocusPolicy())
    heeds = [decide(focus, number / 10, who=who).heed for number in range(101)]

    assert (looks, 101 - looks) == (heeds.count(Heed.WHOLE), heeds.count(Heed.HOLD))


def scans(
    focus: Focus, until_s: float, *, lost_at_s: float = -1.0, moves_at_s: float = -1.0
) -> list[float]:
    """Return when the second clock looks at somebody who stands there, but is not found at one moment."""
    found = []
    for number in range(round(until_s * 10)):
        pts_s = number / 10
        moved = [(200, 200, 220, 230)] if pts_s == moves_at_s else []
        look = decide(focus, pts_s, *moved, who=tracks())
        if look.heed is Heed.WHOLE:
            focus.learn(frame(pts_s), tracks(seen=pts_s != lost_at_s))
        if look.scan:
            found.append(pts_s)
    return found


def test_who_is_there_again_and_again_is_looked_at_ever_more_rarely() -> None:
    """After one second, two, four; four times the first rhythm at the most, and never later than a scan."""
    assert scans(Focus(FocusPolicy()), 16.0) == [1.0, 3.0, 7.0, 11.0, 15.0]
    assert scans(Focus(FocusPolicy(scan_s=2.5)), 10.0) == [1.0, 3.0, 5.5, 8.0]


def test_who_was_not_found_is_sought_at_the_first_rhythm() -> None:
    """A detector that misses somebody once gets its next chance before he is given up."""
    assert scans(Focus(FocusPolicy()), 12.0, lost_at_s=3.0) == [1.0, 3.0, 4.0, 6.0, 10.0]


def test_motion_brings_the_first_rhythm_back() -> None:
    """Whatever moves may have changed who is there."""
    found = scans(Focus(FocusPolicy(settle_s=0.0)), 14.0, moves_at_s=8.0)

    assert found[:3] == [1.0, 3.0, 7.0]
    assert found[3:5] == [9.0, 11.0]


def test_a_patch_is_looked_at_alone_and_larger() -> None:
    """Motion in a corner makes one region around it."""
    focus = Focus(FocusPolicy(), input_px=(160, 160))
    decide(focus, 0.0)
    look = decide(focus, 0.1, (40, 40, 60, 70))

    assert look.heed is Heed.REGIONS
    assert look.regions.tolist() == [[20, 25, 80, 85]]


def test_a_detector_that_only_knows_pictures_sees_all() -> None:
    """Without an input size there are no regions."""
    focus = Focus(FocusPolicy())
    decide(focus, 0.0)

    assert decide(focus, 0.1, (40, 40, 60, 70)).heed is Heed.WHOLE


def test_too_many_places_make_the_whole_picture() -> None:
    """Beyond the budget nothing is left out: everything is looked at, and counted."""
    focus = Focus(FocusPolicy(budget=2), input_px=(160, 160))
    decide(focus, 0.0)
    corners = [(10, 10, 20, 20), (300, 10, 310, 20), (10, 220, 20, 230), (300, 220, 310, 230)]
    look = decide(focus, 0.1, *corners)

    assert (look.heed, look.capped) == (Heed.WHOLE, 2)


def test_regions_that_show_no_more_are_not_worth_it() -> None:
    """A region nearly as large as the picture is the picture."""
    focus = Focus(FocusPolicy(), input_px=(160, 160))
    decide(focus, 0.0)

    assert decide(focus, 0.1, (10, 10, 300, 230)).heed is Heed.WHOLE


def test_a_walking_track_is_a_region_even_without_a_patch_of_its_own() -> None:
    """Regions hold what is known to move as well as what moves now."""
    focus = Focus(FocusPolicy(), input_px=(160, 160))
    decide(focus, 0.0)
    look = decide(focus, 0.1, (10, 10, 30, 30), who=tracks((280, 200, 300, 230)))

    assert look.heed is Heed.REGIONS
    assert len(look.regions) == 2


def test_a_scene_that_is_learnt_is_looked_at_every_other_frame() -> None:
    """Ten frames of the first second: five looks, enough for a track, and half of the price."""
    focus = Focus(FocusPolicy(), learn_every_s=0.15)
    heeds = [
        focus.decide(frame(number / 10), motion(calibrating=True), NOBODY, unsettled=True).heed
        for number in range(10)
    ]

    assert heeds == [Heed.WHOLE, Heed.PACE] * 5


def test_cameras_that_begin_together_scan_at_different_moments() -> None:
    """The first scan comes earlier by the camera's own share; after it the rhythm is the same."""
    scans = []
    for phase in (0.0, 0.4, 0.75):
        focus = Focus(FocusPolicy(), phase=phase)
        looks = [number / 10 for number in range(130) if decide(focus, number / 10).scan]
        scans.append(looks)

    assert scans == [[5.0, 10.0], [3.0, 8.0], [1.3, 6.3, 11.3]]


def test_looks_are_paced_while_something_moves() -> None:
    """Five looks a second of ten frames; the others are left out, not held."""
    focus = Focus(FocusPolicy(active_fps=5.0, heartbeat_s=60.0, scan_s=60.0))
    heeds = [decide(focus, number / 10, (40, 40, 60, 70)).heed for number in range(100)]

    assert 49 <= heeds.count(Heed.WHOLE) <= 51
    assert heeds.count(Heed.WHOLE) + heeds.count(Heed.PACE) == 100


def test_looking_goes_on_a_little_after_the_last_motion() -> None:
    """What has just stopped is still being confirmed."""
    focus = Focus(FocusPolicy(settle_s=0.5))
    decide(focus, 0.0)
    decide(focus, 0.1, (40, 40, 60, 70))
    heeds = [decide(focus, 0.2 + number / 10).heed for number in range(8)]

    assert heeds == [Heed.WHOLE] * 5 + [Heed.HOLD] * 3


def test_what_a_scan_found_is_followed_up() -> None:
    """A thing that appeared without motion is looked at until it is a track or gone."""
    focus = Focus(FocusPolicy())
    decide(focus, 0.0)
    look = focus.decide(frame(0.1), motion(), NOBODY, unsettled=True)

    assert look.heed is Heed.WHOLE


def test_what_never_becomes_a_track_does_not_keep_the_detector_looking() -> None:
    """A thing that flickers is followed for half a second in five."""
    focus = Focus(FocusPolicy())
    heeds = [
        focus.decide(frame(number / 10), motion(), NOBODY, unsettled=True).heed
        for number in range(101)
    ]

    # the first look and one scan five seconds after the last, each followed by five more
    assert heeds.count(Heed.WHOLE) == 2 * (1 + 5)


def test_headlights_of_a_parked_car_wake_nobody() -> None:
    """Motion within a still thing that looks the same is its own doing; beside it, it is not."""
    still = StillThings()
    focus = Focus(FocusPolicy(heartbeat_s=60.0, scan_s=60.0), still=still)
    focus.decide(frame(0.0, street()), motion(), NOBODY, unsettled=False)
    for second in range(12):
        still.learn(tracks(), street(), float(second))
    lamp = focus.decide(
        frame(12.0, street(lamp=True)), motion((100, 84, 112, 94)), tracks(), unsettled=False
    )
    walker = focus.decide(
        frame(12.1, street()), motion((200, 84, 212, 120)), tracks(), unsettled=False
    )

    assert (lamp.heed, walker.heed) == (Heed.HOLD, Heed.WHOLE)


def test_what_reaches_out_of_its_region_makes_the_next_look_whole_once() -> None:
    """Widening is bounded: a neighbour at a region's border does not double every frame's price."""
    focus = Focus(FocusPolicy(heartbeat_s=60.0, scan_s=60.0), input_px=(160, 160))
    decide(focus, 0.0)
    heeds = []
    for number in range(1, 5):
        heeds.append(decide(focus, number / 10, (40, 40, 60, 70)).heed)
        focus.widen()

    assert heeds == [Heed.REGIONS, Heed.WHOLE, Heed.REGIONS, Heed.REGIONS]


@given(
    st.lists(st.tuples(st.floats(0.01, 0.5), st.booleans()), min_size=5, max_size=60),
    st.one_of(st.none(), st.floats(1.0, 20.0)),
)
def test_nobody_is_left_alone_for_longer_than_a_scan(
    steps: list[tuple[float, bool]], fps: float | None
) -> None:
    """Whatever moves whenever, two looks at the whole are never further apart than the clock says."""
    focus = Focus(FocusPolicy(active_fps=fps), input_px=(160, 160))
    now_s, last_s = 0.0, 0.0
    for step_s, moves in steps:
        now_s += step_s
        look = decide(focus, now_s, *([(40, 40, 60, 70)] if moves else []), who=NOBODY)
        if look.heed is Heed.WHOLE:
            last_s = now_s

        assert now_s - last_s < 5.0 + 0.5 + 1e-6


def test_what_is_left_out_unseen_would_have_been_left_out_anyway() -> None:
    """At five looks a second half of the frames need not even be compared with the background."""
    focus = Focus(FocusPolicy(active_fps=5.0))
    frames = [
        (focus.leaves_out(number / 10), decide(focus, number / 10, (100, 100, 140, 140)).heed)
        for number in range(40)
    ]
    left_out = [heed for left, heed in frames if left]

    assert {Heed.PACE} == set(left_out)
    assert 17 <= len(left_out) <= 22


def test_a_quiet_scene_leaves_nothing_out() -> None:
    """Where nothing moves, every frame may be the one in which somebody comes."""
    focus = Focus(FocusPolicy(active_fps=5.0))
    left_out = []
    for number in range(40):
        left_out.append(focus.leaves_out(number / 10))
        decide(focus, number / 10)

    assert not any(left_out)
