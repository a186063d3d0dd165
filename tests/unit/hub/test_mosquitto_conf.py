"""The doctor reads a mosquitto.conf."""

from pathlib import Path

import pytest

from cityloop.doctor.mosquitto_conf import check_mosquitto_conf, parse_mosquitto_conf
from runtime.finding import Verdict

GOOD = """
# a broker for a street
listener 1883
persistence true
autosave_interval 1
autosave_on_changes true
max_inflight_messages 0
max_queued_messages 500000
allow_anonymous false
"""


def verdicts(tmp_path: Path, text: str) -> dict[str, Verdict]:
    """Return the verdict of each check on a configuration."""
    path = tmp_path / "mosquitto.conf"
    path.write_text(text)
    return {finding.check: finding.verdict for finding in check_mosquitto_conf(path)}


def test_good_settings_pass(tmp_path: Path) -> None:
    """A broker set up as the docs say has nothing to be told."""
    assert set(verdicts(tmp_path, GOOD).values()) == {Verdict.OK}


@pytest.mark.parametrize(
    ("line", "check", "verdict"),
    [
        pytest.param("persistence false", "persistence", Verdict.FAIL, id="no persistence"),
        pytest.param("max_inflight_messages 20", "max_inflight_messages", Verdict.FAIL, id="20"),
        pytest.param("max_queued_messages 1000", "max_queued_messages", Verdict.FAIL, id="1000"),
        pytest.param("max_packet_size 65536", "max_packet_size", Verdict.FAIL, id="small packets"),
        pytest.param("autosave_interval 1800", "autosave", Verdict.WARN, id="rare saves"),
        pytest.param("autosave_on_changes false", "autosave", Verdict.WARN, id="timed saves"),
        pytest.param("allow_anonymous true", "allow_anonymous", Verdict.WARN, id="anybody"),
        pytest.param("include_dir /etc/x", "include_dir", Verdict.SKIP, id="other files"),
    ],
)
def test_a_bad_setting_is_found(tmp_path: Path, line: str, check: str, verdict: Verdict) -> None:
    """The last setting of a name counts, and each trap is named."""
    assert verdicts(tmp_path, f"{GOOD}{line}\n")[check] is verdict


def test_the_defaults_are_judged(tmp_path: Path) -> None:
    """An empty file means Mosquitto's defaults, which lose messages."""
    found = verdicts(tmp_path, "")

    assert {"persistence", "max_inflight_messages", "max_queued_messages"} == {
        check for check, verdict in found.items() if verdict is Verdict.FAIL
    }


def test_every_failure_says_what_to_write(tmp_path: Path) -> None:
    """The advice is a line that can be copied."""
    path = tmp_path / "mosquitto.conf"
    path.write_text("")

    advice = [f.advice for f in check_mosquitto_conf(path) if f.verdict is Verdict.FAIL]

    fixed = parse_mosquitto_conf("\n".join(advice))
    assert fixed == {
        "persistence": "true",
        "max_inflight_messages": "1000",
        "max_queued_messages": "100000",
    }


def test_a_missing_file_is_a_failure(tmp_path: Path) -> None:
    """A path that leads nowhere is told, not ignored."""
    (finding,) = check_mosquitto_conf(tmp_path / "none.conf")

    assert finding.verdict is Verdict.FAIL
    assert "No such file" in finding.detail
