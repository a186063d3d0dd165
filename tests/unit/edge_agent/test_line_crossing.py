"""Who crossed a line and which way: once for each real crossing."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.analytics.line_crossing import Direction, LineCrossing

ACROSS = ((0.0, 0.5), (1.0, 0.5))
UPWARDS = ((0.5, 1.0), (0.5, 0.0))
Point = tuple[float, float]


def cross(
    path: list[Point], line: tuple[Point, Point] = ACROSS, *, band: float = 0.02
) -> list[Direction]:
    """Return the directions in which one track with this path crosses a line."""
    machine = LineCrossing(*line, aspect=1.0, min_displacement=band)
    return [
        crossing.direction
        for number, point in enumerate(path)
        for crossing in machine.update({1: point}, number / 10.0)
    ]


@pytest.mark.parametrize(
    ("line", "path", "expected"),
    [
        (ACROSS, [(0.5, 0.3), (0.5, 0.7)], [Direction.FORWARD]),
        (ACROSS, [(0.5, 0.7), (0.5, 0.3)], [Direction.BACKWARD]),
        (UPWARDS, [(0.3, 0.5), (0.7, 0.5)], [Direction.FORWARD]),
        (UPWARDS, [(0.7, 0.5), (0.3, 0.5)], [Direction.BACKWARD]),
    ],
    ids=["down", "up", "rightwards", "leftwards"],
)
def test_forward_is_from_left_to_right_of_the_walk_along_the_line(
    line: tuple[Point, Point], path: list[Point], expected: list[Direction]
) -> None:
    """A line drawn to the right has forward down; one drawn upwards has it to the right."""
    assert expected == cross(path, line)


def test_trembling_on_the_line_is_no_crossing() -> None:
    """A box that jitters about the line by less than the band is never counted."""
    path = [(0.5, 0.4), *[(0.5, 0.5 + (0.015 if n % 2 else -0.015)) for n in range(40)]]

    assert cross(path) == []


def test_there_and_back_is_two_crossings() -> None:
    """Each real crossing counts, in its own direction."""
    path = [(0.5, 0.4), (0.5, 0.6), (0.5, 0.4)]

    assert cross(path) == [Direction.FORWARD, Direction.BACKWARD]


def test_a_track_that_appears_beside_the_line_counts() -> None:
    """Appearing nearer to the line than the band does not lose a crossing."""
    assert cross([(0.5, 0.499), (0.5, 0.51), (0.5, 0.6)]) == [Direction.FORWARD]


def test_a_track_that_appears_beyond_the_line_does_not_count() -> None:
    """Whoever never was on the other side has not crossed."""
    assert cross([(0.5, 0.501), (0.5, 0.51), (0.5, 0.6)]) == []


def test_stopping_exactly_on_the_line_counts_when_the_way_goes_on() -> None:
    """A point of the path on the line itself does not hide the passage."""
    assert cross([(0.5, 0.4), (0.5, 0.5), (0.5, 0.5), (0.5, 0.6)]) == [Direction.FORWARD]


def test_passing_beside_the_end_of_the_line_is_no_crossing() -> None:
    """Only the segment counts, not the endless line through it."""
    short = ((0.4, 0.5), (0.6, 0.5))

    assert cross([(0.2, 0.3), (0.2, 0.7)], short) == []


def test_a_way_around_the_end_does_not_count_later() -> None:
    """A track that went round belongs to its new side and is counted when it really crosses."""
    short = ((0.4, 0.5), (0.6, 0.5))
    path = [(0.2, 0.3), (0.2, 0.7), (0.5, 0.7), (0.5, 0.3)]

    assert cross(path, short) == [Direction.BACKWARD]


def test_distances_are_heights_of_the_picture() -> None:
    """The band means the same across a wide picture as down it."""
    machine = LineCrossing(*UPWARDS, aspect=2.0, min_displacement=0.05)
    machine.update({1: (0.4, 0.5)}, 0.0)

    assert machine.update({1: (0.52, 0.5)}, 0.1) == []
    assert [c.direction for c in machine.update({1: (0.53, 0.5)}, 0.2)] == [Direction.FORWARD]


def test_a_track_lost_on_the_line_counts_where_it_reappears() -> None:
    """A gap in the path is bridged by a straight line."""
    machine = LineCrossing(*ACROSS, aspect=1.0, min_displacement=0.02)
    machine.update({1: (0.5, 0.4)}, 0.0)
    machine.update({}, 1.0)

    assert [c.direction for c in machine.update({1: (0.5, 0.6)}, 2.0)] == [Direction.FORWARD]


def test_a_forgotten_track_begins_anew() -> None:
    """After forget_s nothing is known of a track any more."""
    machine = LineCrossing(*ACROSS, aspect=1.0, min_displacement=0.02, forget_s=5.0)
    machine.update({1: (0.5, 0.4)}, 0.0)
    machine.update({}, 6.0)

    assert machine.update({1: (0.5, 0.6)}, 6.1) == []


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=80))
def test_net_crossings_are_the_change_of_side(heights: list[float]) -> None:
    """Forward and backward alternate, and their difference is where the track began and ended."""
    path = [(0.5, y) for y in heights]
    found = cross(path)

    assert all(a is not b for a, b in itertools.pairwise(found))
    net = found.count(Direction.FORWARD) - found.count(Direction.BACKWARD)
    assert abs(net) <= 1
    if abs(heights[0] - 0.5) > 0.02 and abs(heights[-1] - 0.5) > 0.02:
        assert net == (heights[-1] > 0.5) - (heights[0] > 0.5)


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=40))
def test_turning_the_line_turns_the_directions(heights: list[float]) -> None:
    """The same path over the same line drawn the other way crosses as often, opposite ways."""
    path = [(0.5, y) for y in heights]
    turned = cross(path, (ACROSS[1], ACROSS[0]))
    opposite = {Direction.FORWARD: Direction.BACKWARD, Direction.BACKWARD: Direction.FORWARD}

    assert [opposite[direction] for direction in cross(path)] == turned
