"""``cityloop demo``, ``chaos``, ``up`` and ``explain`` as a person or a CI job runs them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from cityloop.stack.loopback import free_ports, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def _cityloop(*words: str, timeout_s: float = 240.0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cityloop", *words],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def _last_line(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    lines = done.stdout.strip().splitlines()
    assert lines, done.stderr
    found: dict[str, Any] = json.loads(lines[-1])
    return found


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], int]:
    """Run the demo once, in a quarter of its time; return its folder, last line and status."""
    folder = tmp_path_factory.mktemp("demo") / "kept"
    done = _cityloop("demo", "--for", "20", "--json", "--keep", str(folder))
    return folder, _last_line(done), done.returncode


def test_demo_loses_nothing_and_ends_well(kept: tuple[Path, dict[str, Any], int]) -> None:
    """The last line has every figure, lost and duplicates are 0, and so is the exit status."""
    _, result, status = kept

    assert (status, result["lost"], result["duplicates"]) == (0, 0, 0)
    assert result["readings"] > 1000
    assert result["observations"] > 0
    assert result["events"] >= result["cases"] > 0
    assert result["reading_to_event_ms_p99"] > 0.0


def test_demo_leaves_no_process_behind(kept: tuple[Path, dict[str, Any], int]) -> None:
    """Everything that it started has stopped: nobody holds its folder open."""
    folder, _, _ = kept
    holders = [
        link for link in Path("/proc").glob("[0-9]*/cmdline") if str(folder).encode() in _read(link)
    ]

    assert holders == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_explain_names_the_deciding_message(kept: tuple[Path, dict[str, Any], int]) -> None:
    """An event of the demo is explained from what the gateway left behind."""
    folder, _, _ = kept
    import sqlite3  # noqa: PLC0415 - only to find an event's id
    from contextlib import closing  # noqa: PLC0415

    with closing(sqlite3.connect(folder / "gateway" / "events.sqlite")) as file:
        (event_id,) = file.execute("SELECT event_id FROM events LIMIT 1").fetchone()

    done = _cityloop("explain", event_id, "--config", str(folder / "gateway.yaml"), "--json")

    told = json.loads(done.stdout)
    assert told["event_id"] == event_id
    assert told["statements"][0]["deciding"]["message"]["type"] in {
        "readings.v1",
        "observation.v1",
    }


def test_chaos_loses_nothing_and_resets_no_timer() -> None:
    """Each part is killed once under load; ledgers, journal, API and the storm's truth agree."""
    done = _cityloop("chaos", "--kills", "4", "--seed", "5", "--rate", "4000", "--json")
    result = _last_line(done)

    assert (result["lost"], result["duplicates"], result["timers_reset"]) == (0, 0, 0), result
    assert result["kills"] == 4
    assert result["messages"] == result["journalled"] > 10_000
    assert done.returncode == 0


@pytest.mark.parametrize(("plant", "figure"), [("drop", "lost"), ("double", "duplicates")])
def test_chaos_sees_exactly_the_planted_fault(plant: str, figure: str) -> None:
    """A count that cannot see one planted fault would prove nothing by its zeros."""
    done = _cityloop("chaos", "--kills", "1", "--rate", "500", "--plant", plant, "--json")
    result = _last_line(done)

    expected = {"lost": 0, "duplicates": 0} | {figure: 1}
    assert {name: result[name] for name in ("lost", "duplicates")} == expected
    assert done.returncode == 1


def test_up_starts_again_what_was_killed_and_stops_on_a_signal(tmp_path: Path) -> None:
    """The API answers, comes back after SIGKILL, and nothing is left after SIGTERM."""
    api_port, mqtt_port = free_ports(2)
    words = ["up", "--dir", str(tmp_path / "up")]
    ports = ["--api-port", str(api_port), "--mqtt-port", str(mqtt_port)]
    stack = subprocess.Popen(
        [sys.executable, "-m", "cityloop", *words, *ports], stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{api_port}/healthz"
    try:
        assert wait_until(lambda: _healthy(url), 60.0)
        api = _pid_of("cloud_api", str(tmp_path))
        os.kill(api, signal.SIGKILL)
        assert wait_until(lambda: not _healthy(url), 10.0)
        assert wait_until(lambda: _healthy(url), 60.0)
    finally:
        stack.send_signal(signal.SIGTERM)
        status = stack.wait(timeout=40.0)

    assert status == 0
    assert not _healthy(url)


def _healthy(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1.0).status_code == 200
    except httpx.HTTPError:
        return False


def _pid_of(module: str, folder: str) -> int:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        line = _read(path)
        if module.encode() in line and folder.encode() in line:
            return int(path.parent.name)
    raise AssertionError(f"no process runs {module} for {folder}")


def test_dry_run_starts_nothing(tmp_path: Path) -> None:
    """The configuration is written and nothing listens."""
    started = time.monotonic()
    api_port, mqtt_port = free_ports(2)
    done = _cityloop(
        "up",
        "--dry-run",
        "--dir",
        str(tmp_path / "up"),
        "--api-port",
        str(api_port),
        "--mqtt-port",
        str(mqtt_port),
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "up" / "gateway.yaml").exists()
    assert (tmp_path / "up" / "secrets" / "admin.key").stat().st_mode & 0o077 == 0
    assert time.monotonic() - started < 60.0
