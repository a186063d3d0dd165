"""Who is inside a zone: hysteresis, dwell and patience, in seconds of presentation time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.analytics.zone_presence import PresenceChange, PresenceKind, ZonePresence

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
IN, OUT = (0.5, 0.5), (0.1, 0.1)


def zone(**options: float | None) -> ZonePresence:
    """Return a zone with short times, some of them replaced."""
    times: dict[str, float | None] = {
        "enter_s": 0.2,
        "exit_s": 0.5,
        "grace_s": 2.0,
        "dwell_s": None,
    }
    times |= options
    return ZonePresence(SQUARE, **times)  # type: ignore[arg-type]


def play(
    machine: ZonePresence, steps: list[tuple[float, tuple[float, float] | None]]
) -> list[tuple[float, PresenceChange]]:
    """Return (time, change) for one track that is at a place, or unseen, at given times."""
    found = []
    for pts_s, place in steps:
        points = {} if place is None else {7: place}
        found += [(pts_s, change) for change in machine.update(points, pts_s)]
    return found


def test_entering_counts_from_the_first_moment_inside() -> None:
    """A stay is reported after enter_s and began when the track was first inside."""
    found = play(zone(), [(0.0, OUT), (1.0, IN), (1.1, IN), (1.2, IN)])

    assert [(1.2, PresenceChange(PresenceKind.ENTERED, 7, 1.0, 1.2, dwelled=False))] == found


def test_a_passer_by_of_one_frame_does_not_count() -> None:
    """A track inside for less than enter_s is never reported."""
    found = play(zone(), [(0.0, OUT), (1.0, IN), (1.1, OUT), (2.0, OUT), (9.0, None)])

    assert found == []


def test_a_short_step_outside_does_not_end_a_stay() -> None:
    """Less than exit_s outside belongs to the stay."""
    found = play(zone(), [(0.0, IN), (0.3, IN), (0.5, OUT), (0.9, IN), (4.0, IN)])

    assert [change.kind for _, change in found] == [PresenceKind.ENTERED]


def test_leaving_ends_the_stay_at_its_last_moment_inside() -> None:
    """The stay ends where the track was last inside, not where patience ran out."""
    found = play(zone(), [(0.0, IN), (1.0, IN), (1.2, OUT), (1.8, OUT)])

    assert (1.8, PresenceChange(PresenceKind.LEFT, 7, 0.0, 1.0, dwelled=False)) == found[-1]


def test_a_lost_track_stays_for_its_grace() -> None:
    """A track that reappears within grace_s continues its stay."""
    found = play(zone(), [(0.0, IN), (1.0, IN), (2.5, None), (2.9, IN), (5.0, IN)])

    assert [change.kind for _, change in found] == [PresenceKind.ENTERED]


def test_a_lost_track_leaves_after_its_grace() -> None:
    """A track unseen for more than grace_s left when it was last seen inside."""
    found = play(zone(), [(0.0, IN), (1.0, IN), (3.1, None)])

    assert (3.1, PresenceChange(PresenceKind.LEFT, 7, 0.0, 1.0, dwelled=False)) == found[-1]


def test_dwell_is_reported_once_when_reached() -> None:
    """The dwell threshold is reported at the first moment that reaches it, and only then."""
    steps: list[tuple[float, tuple[float, float] | None]] = [(t / 2, IN) for t in range(12)]
    found = play(zone(dwell_s=3.0), steps)

    assert [(at, c.kind) for at, c in found if c.kind is PresenceKind.DWELLED] == [
        (3.0, PresenceKind.DWELLED)
    ]


@pytest.mark.parametrize("fps", [2.0, 5.0, 25.0], ids=["2 fps", "5 fps", "25 fps"])
def test_dwell_does_not_depend_on_the_frame_rate(fps: float) -> None:
    """Half the frames measure the same stay, to within one frame."""
    machine = zone()
    play(machine, [(n / fps, IN) for n in range(int(10 * fps) + 1)])

    assert machine.dwell_of(7) == pytest.approx(10.0, abs=1.0 / fps)


def test_clear_ends_what_was_going_on() -> None:
    """After a break in the stream everybody inside has left."""
    machine = zone()
    play(machine, [(0.0, IN), (1.0, IN)])

    assert [change.kind for change in machine.clear()] == [PresenceKind.LEFT]
    assert machine.present == {}


@given(
    st.lists(
        st.tuples(st.floats(0.01, 3.0), st.sampled_from([IN, OUT, None])), min_size=1, max_size=60
    )
)
def test_entered_and_left_alternate(
    steps: list[tuple[float, tuple[float, float] | None]],
) -> None:
    """Whatever a track does, it enters before it leaves, and a stay is never negative."""
    machine, pts_s, kinds = zone(), 0.0, []
    for wait_s, place in steps:
        pts_s += wait_s
        for change in machine.update({} if place is None else {7: place}, pts_s):
            kinds.append(change.kind)

            assert change.dwell_s >= 0.0
    kinds += [change.kind for change in machine.clear()]

    assert [PresenceKind.ENTERED, PresenceKind.LEFT] * (len(kinds) // 2) == kinds
