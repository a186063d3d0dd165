"""Many at once: gathering, loitering, flow and queues."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.analytics.crowd_growth import CrowdChange, CrowdGrowth
from edge.analytics.flow import FlowMeter
from edge.analytics.line_crossing import Direction
from edge.analytics.loitering import Loitering, LoiteringChange
from edge.analytics.queue_length import queue_length_m


def gather(counts: list[int], **settings: float) -> list[CrowdChange]:
    """Return what is told of counts taken every second."""
    wanted = {"at_least": 20, "factor": 2.0, "window_s": 60.0, **settings}
    watch = CrowdGrowth(
        at_least=int(wanted["at_least"]), factor=wanted["factor"], window_s=wanted["window_s"]
    )
    return [c for second, count in enumerate(counts) for c in watch.update(count, float(second))]


def test_a_square_that_fills_up_is_told_and_again_when_it_is_empty() -> None:
    """Five people, then forty within half a minute, then five."""
    counts = [5] * 60 + list(range(5, 41)) + [40] * 60 + [5] * 30
    began, ended = gather(counts)

    assert (began.began, ended.began) == (True, False)
    assert began.count >= 20
    assert 55.0 <= began.since_s <= 62.0
    assert 74.0 <= began.until_s <= 79.0
    assert 156.0 <= ended.until_s <= 160.0


@pytest.mark.parametrize(
    "counts",
    [
        [300] * 600,
        [count // 60 for count in range(60 * 60)],
        [4] * 60 + [19] * 100,
        [25, 3] * 200,
        [],
    ],
    ids=["always full", "slowly", "too few", "flicker", "nothing"],
)
def test_what_is_no_gathering_is_not_told(counts: list[int]) -> None:
    """Full since ever, filling over an hour, below the least, or a detector that flickers."""
    assert [change for change in gather(counts) if change.began] == []


def test_a_crowd_has_no_upper_limit() -> None:
    """Five thousand are five thousand."""
    (began,) = gather([10] * 30 + [5000] * 30)

    assert began.count == 5000


@given(st.lists(st.integers(0, 60), max_size=200))
def test_a_gathering_begins_before_it_ends(counts: list[int]) -> None:
    """Starts and ends alternate, whatever is counted."""
    watch = CrowdGrowth(at_least=20, factor=1.5, window_s=20.0)
    changes = [c for at, n in enumerate(counts) for c in watch.update(n, float(at))]
    changes += watch.clear()

    assert [c.began for c in changes] == [n % 2 == 0 for n in range(len(changes))]
    assert all(c.since_s <= c.until_s for c in changes)


def test_who_walks_to_and_fro_before_a_door_loiters() -> None:
    """Ten seconds inside, five outside, again and again: two minutes inside after three in all."""
    watch = Loitering(after_s=120.0, gap_s=30.0)
    told = [c for at in range(400) for c in watch.update({7} if at % 15 < 10 else set(), float(at))]
    gone = [c for at in (425.0, 435.0) for c in watch.update(set(), at)]

    assert [change.began for change in told] == [True]
    assert told[0].since_s == 0.0
    assert told[0].until_s == pytest.approx(198.0, abs=5.0)
    assert gone == [LoiteringChange(7, False, 0.0, 399.0, gone[0].inside_s)]
    assert gone[0].inside_s == pytest.approx(240.0, abs=5.0)


def test_who_passes_by_every_few_minutes_does_not() -> None:
    """Ten seconds inside every two minutes are visits of their own."""
    watch = Loitering(after_s=30.0, gap_s=30.0)

    assert [
        c for at in range(3600) for c in watch.update({7} if at % 120 < 10 else set(), float(at))
    ] == []


def test_the_flow_is_a_rate_either_way() -> None:
    """A car every 5 s forward is twelve a minute, one every 20 s backward three."""
    meter = FlowMeter()
    early = meter.per_minute(Direction.FORWARD, 0.0)
    for second in range(120):
        meter.look(float(second))
        if second % 5 == 0:
            meter.cross(Direction.FORWARD, float(second))
        if second % 20 == 0:
            meter.cross(Direction.BACKWARD, float(second))

    assert early is None
    assert meter.per_minute(Direction.FORWARD, 119.0) == pytest.approx(12.0)
    assert meter.per_minute(Direction.BACKWARD, 119.0) == pytest.approx(3.0)
    assert meter.per_minute(Direction.FORWARD, 300.0) == 0.0


@pytest.mark.parametrize(
    ("places", "length_m"),
    [
        ([], 0.0),
        ([(0.0, 0.0)], 0.0),
        ([(0.0, 0.0), (6.0, 0.0), (12.0, 0.0)], 12.0),
        ([(12.0, 0.0), (0.0, 0.0), (6.0, 0.0)], 12.0),
        ([(0.0, 0.0), (6.0, 0.0), (50.0, 0.0), (58.0, 0.0), (70.0, 0.0)], 20.0),
        ([(7.0 * n, 0.0) for n in range(200)], 1393.0),
    ],
    ids=["nobody", "one", "three", "any order", "two queues", "two hundred"],
)
def test_a_queue_is_as_long_as_from_its_first_to_its_last(
    places: list[tuple[float, float]], length_m: float
) -> None:
    """The longest of them counts, however many stand in it."""
    assert queue_length_m(places) == pytest.approx(length_m)
