"""Each fault of `cityloop chaos` in its smallest size, over real processes."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from cityloop.chaos.plan import ChaosSettings
from cityloop.chaos.run import run_chaos
from cityloop.chaos.stage import ChaosResult

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def _run(folder: Path, fault: str, *, hold_s: float, events: int = 1) -> ChaosResult:
    settings = ChaosSettings(
        kills=0, seed=1, rate=200.0, fault=fault, hold_s=hold_s, events=events, surge=2.0
    )
    return run_chaos(settings, folder, print)


def test_a_bad_line_loses_nothing() -> None:
    """Slow, lossy, silent, cut: every message once, no timer moved, each time well again."""
    # a process of its own, which goes to a network of its own
    command = "chaos --fault link --hold 2 --loss 0.2 --rate 200 --json"
    done = subprocess.run(
        [sys.executable, "-m", "cityloop", *command.split()],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    result = msgspec.json.decode(done.stdout.splitlines()[-1], type=ChaosResult)
    lossy = "no packets will be lost" not in done.stderr

    assert (result.lost, result.duplicates, result.timers_reset) == (0, 0, 0)
    assert result.messages == result.journalled > 0
    assert {"link-slow", "link-silent", "link-cut"} <= result.recovery_s.keys()
    assert ("link-lossy" in result.recovery_s) is lossy
    assert (result.figures.get("packets_lost", 0) > 0) is lossy


def test_a_wrong_clock_loses_nothing_and_moves_nobody_else(tmp_path: Path) -> None:
    """A box comes up an hour ahead, then behind: its stamps are flagged, the storm's timers stand."""
    result = _run(tmp_path, "clock-step", hold_s=1.0)

    assert (result.lost, result.duplicates, result.timers_reset) == (0, 0, 0)
    assert result.messages == result.journalled > 0
    assert result.figures["clock_skew_flagged"] > 0


def test_events_wait_for_an_absent_api(tmp_path: Path) -> None:
    """Ten minutes of the stack's clock without the API: what came up meanwhile arrives once."""
    result = _run(tmp_path, "api-down", hold_s=10.0, events=200)

    assert (result.lost, result.duplicates, result.timers_reset) == (0, 0, 0)
    assert result.figures["statements_queued"] >= 400
    assert result.events >= 200


def test_a_compressed_day_is_told_once(tmp_path: Path) -> None:
    """Events of a day in seconds, the middle third twice as fast: each is opened and ended once."""
    result = _run(tmp_path, "day", hold_s=3.0, events=600)

    assert (result.lost, result.duplicates) == (0, 0)
    assert (result.events, result.statements) == (600, 1_200)
