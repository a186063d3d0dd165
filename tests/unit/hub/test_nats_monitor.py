"""The doctor judges what nats-server tells of itself."""

import copy
from typing import Any

import pytest

from cityloop.doctor.finding import Verdict
from cityloop.doctor.nats_monitor import judge_nats

GOOD: dict[str, Any] = {
    "max_payload": 1_048_576,
    "auth_required": True,
    "mqtt": {"max_ack_pending": 4000},
    "jetstream": {"config": {"sync_interval": 10_000_000_000}},
}


def test_good_settings_pass() -> None:
    """A server set up as ``cityloop hub`` does it has nothing to be told."""
    assert {finding.verdict for finding in judge_nats(GOOD)} == {Verdict.OK}


@pytest.mark.parametrize(
    ("section", "value", "check", "verdict"),
    [
        pytest.param("jetstream", {}, "jetstream", Verdict.FAIL, id="no JetStream"),
        pytest.param("max_payload", 65_536, "max_payload", Verdict.FAIL, id="small payload"),
        pytest.param(
            "mqtt", {"max_ack_pending": 100}, "mqtt max_ack_pending", Verdict.WARN, id="few pending"
        ),
        pytest.param(
            "mqtt", {"max_ack_pending": 60_000}, "mqtt max_ack_pending", Verdict.WARN, id="many"
        ),
        pytest.param("mqtt", {}, "mqtt max_ack_pending", Verdict.WARN, id="default pending"),
        pytest.param(
            "jetstream",
            {"config": {"sync_interval": 120_000_000_000}},
            "sync_interval",
            Verdict.WARN,
            id="two minutes unsynced",
        ),
        pytest.param("auth_required", False, "login", Verdict.WARN, id="no login"),
    ],
)
def test_a_bad_setting_is_found(section: str, value: object, check: str, verdict: Verdict) -> None:
    """Each trap is named, with what to write instead."""
    body = copy.deepcopy(GOOD) | {section: value}

    found = {finding.check: finding for finding in judge_nats(body)}

    assert found[check].verdict is verdict
    assert found[check].advice


def test_syncing_always_is_good() -> None:
    """A server that syncs every message has no interval to be judged."""
    body = GOOD | {"jetstream": {"config": {"sync_interval": 120_000_000_000, "sync_always": True}}}

    found = {finding.check: finding.verdict for finding in judge_nats(body)}

    assert found["sync_interval"] is Verdict.OK
