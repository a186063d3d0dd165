"""The process map: ways, how often, how slowly; only what happened in the period."""

from hypothesis import given
from hypothesis import strategies as st

from cloud_api.evaluation.measures import Period
from cloud_api.evaluation.process_map import Arrival, Passage, passages
from cloud_api.flow import State

MINUTE_US = 60_000_000
PERIOD = Period(begin_us=0, end_us=1_000 * MINUTE_US)


def _arrival(case: str, minute: int, state: State) -> Arrival:
    return Arrival(case, minute * MINUTE_US, state)


def test_ways_are_counted_and_timed() -> None:
    """Two cases are filed and dispatched, one is bounced: three ways, with the median of the standing."""
    found = passages(
        [
            _arrival("a", 0, State.FILED),
            _arrival("b", 5, State.FILED),
            _arrival("a", 10, State.DISPATCHED),
            _arrival("b", 35, State.DISPATCHED),
            _arrival("b", 36, State.BOUNCED),
        ],
        PERIOD,
    )

    assert found == (
        Passage(None, State.FILED, 2, None),
        Passage(State.FILED, State.DISPATCHED, 2, 20 * 60.0),
        Passage(State.DISPATCHED, State.BOUNCED, 1, 60.0),
    )


def test_a_way_that_ended_before_the_period_is_not_its() -> None:
    """What a case did before counts for how long it stood, not for how often."""
    found = passages([_arrival("a", -60, State.FILED), _arrival("a", 60, State.DISPATCHED)], PERIOD)

    assert found == (Passage(State.FILED, State.DISPATCHED, 1, 7_200.0),)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(-50, 1_200), st.sampled_from(list(State))),
        max_size=40,
    )
)
def test_every_arrival_of_the_period_is_on_one_way(drawn: list[tuple[str, int, State]]) -> None:
    """Whatever the logs say: as many ways as arrivals in the period, none of them backwards in time."""
    arrived = [_arrival(*each) for each in sorted(drawn, key=lambda each: each[1])]
    found = passages(arrived, PERIOD)

    assert sum(each.times for each in found) == sum(PERIOD.has(one.at_us) for one in arrived)
    assert all(each.median_s is None or each.median_s >= 0.0 for each in found)
