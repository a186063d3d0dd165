"""``cityloop sim serve`` as a person starts it."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from edge.config import load_edge_config
from edge.sensors.wire_config import HttpConfig
from tests.contract.runtime.brokers import free_port, wait_until

pytestmark = pytest.mark.slow


def test_a_scenario_is_served_and_the_box_s_section_is_written(tmp_path: Path) -> None:
    """The servers answer, the written section is a configuration that a box accepts."""
    modbus, http, section = free_port(), free_port(), tmp_path / "sensors.yaml"
    command = [sys.executable, "-m", "simulators", "serve", "night-works"]
    command = [*command, "--modbus", f"127.0.0.1:{modbus}", "--http", f"127.0.0.1:{http}"]
    command = [*command, "--speed", "600", "--for", "60s", "--edge-config", str(section)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:

        def listed() -> list[dict[str, str]]:
            assert process.poll() is None
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{http}/sensors", timeout=2) as body:
                    found: list[dict[str, str]] = json.load(body)["sensors"]
                    return found
            except OSError:
                return []

        wait_until(listed, "the server lists its sensors")
        subjects = {one["subject"] for one in listed()}
        whole = tmp_path / "edge.yaml"
        head = "box: {district: d, site: s, box: b}\n"
        whole.write_text(head + section.read_text(encoding="utf-8"), encoding="utf-8")
        config = load_edge_config(whole)
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)

    asked = {
        one.subject.removeprefix("h-") for one in config.sensors if isinstance(one, HttpConfig)
    }

    assert asked == subjects
    assert len(config.sensors) == 2 * len(subjects)
    assert "measurements were shown" in said


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """Exit code 1, and which address it was."""
    import socket  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "simulators", "serve", "--http", f"127.0.0.1:{port}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr
