"""The doctor judges what nats-server tells of itself."""

import copy
from typing import Any

import pytest

from cityloop.doctor.nats_monitor import judge_health, judge_nats, judge_streams
from runtime.finding import Verdict

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
            "mqtt", {"max_ack_pending": 20_000}, "mqtt max_ack_pending", Verdict.WARN, id="many"
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


def test_a_store_that_could_not_be_written_fails() -> None:
    """What ``/healthz`` says after a full disk is a failure, with what to do."""
    (well,) = judge_health({"status": "ok"})
    (ill,) = judge_health({"status": "unavailable", "error": "write error: no space left"})

    assert (well.verdict, ill.verdict) == (Verdict.OK, Verdict.FAIL)
    assert "write error" in ill.detail


@pytest.mark.parametrize(
    ("name", "discard", "verdict"),
    [
        pytest.param("READINGS", "old", Verdict.OK, id="makes room"),
        pytest.param("READINGS", "new", Verdict.WARN, id="refuses"),
        pytest.param("$MQTT_msgs", "new", Verdict.OK, id="the server's own"),
    ],
)
def test_a_stream_that_refuses_when_full_is_found(
    name: str, discard: str, verdict: Verdict
) -> None:
    """Reading a stream frees nothing, so one that refuses would stay full."""
    config = {"discard": discard, "retention": "limits"}
    detail = [{"name": name, "config": config}]

    (finding,) = judge_streams({"account_details": [{"stream_detail": detail}]})

    assert finding.verdict is verdict
