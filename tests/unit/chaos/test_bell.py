"""The pace at which events come up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.chaos.bell import BellConfig, pace
from cityloop.chaos.faults import FAULT_ACTS
from cityloop.chaos.plan import FAULTS
from runtime.mqtt_client import MqttConfig
from runtime.outbox import OutboxConfig


def bell(events: int, seconds: float, surge: float) -> BellConfig:
    """Return a box that opens so many events."""
    return BellConfig(
        district="d",
        site="s",
        box="b",
        hub=MqttConfig(client_id="b"),
        outbox=OutboxConfig(path="unused"),
        events=events,
        seconds=seconds,
        surge=surge,
    )


@pytest.mark.parametrize(
    ("surge", "at_s", "expected"),
    [
        pytest.param(1.0, 0.0, 0, id="begin"),
        pytest.param(1.0, 15.0, 450, id="even"),
        pytest.param(1.0, 30.0, 900, id="end"),
        pytest.param(2.0, 10.0, 300, id="before the surge"),
        pytest.param(2.0, 12.0, 420, id="in the surge"),
        pytest.param(2.0, 15.0, 600, id="after the surge"),
        pytest.param(2.0, 25.0, 900, id="earlier end"),
    ],
)
def test_the_middle_third_comes_faster(surge: float, at_s: float, expected: int) -> None:
    """900 events in 30 s; with a surge the second 300 take less time."""
    assert expected == pace(bell(900, 30.0, surge), at_s)


@given(st.integers(1, 10_000), st.floats(0.1, 1e4), st.floats(1.0, 10.0), st.floats(0.0, 2e4))
def test_the_pace_never_falls_and_never_passes_the_end(
    events: int, seconds: float, surge: float, at_s: float
) -> None:
    """Whatever the numbers: 0 at first, more with time, all at the end."""
    config = bell(events, seconds, surge)

    assert pace(config, at_s) <= pace(config, at_s + 1.0) <= events
    assert events == pace(config, seconds + 0.001)


def test_every_fault_but_the_day_has_an_act() -> None:
    """What the command offers can be done."""
    assert {*FAULT_ACTS, "day"} == set(FAULTS)
