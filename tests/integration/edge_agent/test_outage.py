"""A hub that is away: five minutes of twenty cameras, with the part of the budgets that goes with it."""

from pathlib import Path

import pytest

from benchmarks.outage import outage

pytestmark = pytest.mark.slow

SHARE = 1.0 / 288.0
"""Five minutes of a day."""


def test_no_observation_is_lost_and_only_tracks_give_way(tmp_path: Path) -> None:
    """Every observation arrives once, urgent ones first; each message arrived or was confessed."""
    found = outage(tmp_path, SHARE)

    assert found["observations"] == 100
    assert found["observations_lost"] == 0
    assert found["observations_twice"] == 0
    assert set(found["given_up"]) == {"tracks"}
    assert found["given_up"]["tracks"] > 0
    assert found["unaccounted"] == 0
    assert found["first_channels"] == ["urgent", "observations"]


def test_what_waits_is_sent_no_faster_than_it_may(tmp_path: Path) -> None:
    """At 2,000 a second the backlog takes its seconds; observations do not wait for it."""
    found = outage(tmp_path, SHARE, send_hz=2000.0)
    arrived = found["enqueued"] - sum(found["given_up"].values())

    assert found["observations_lost"] == 0
    assert found["unaccounted"] == 0
    assert found["drained_clock_s"] >= (arrived - 100) / 2000.0 - 1.5
    assert found["first_channels"] == ["urgent", "observations"]
