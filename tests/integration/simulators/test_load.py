"""The load generator against real brokers: everything acknowledged, and no stall can hide."""

import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from runtime.mqtt_client import MqttConfig
from simulators.errors import LoadError
from simulators.load.commands import load
from simulators.load.generator import run_load
from simulators.load.plan import LoadPlan
from tests.integration.simulators.conftest import free_port, mosquitto_command, wait_for_port

pytestmark = pytest.mark.slow


def test_every_message_is_acknowledged_and_told(broker_port: int, tmp_path: Path) -> None:
    """Sums, percentiles and files of a short load."""
    hgrm, plot = tmp_path / "load.hgrm", tmp_path / "load.svg"
    result = CliRunner().invoke(
        load,
        [
            *("--broker", f"mqtt://127.0.0.1:{broker_port}", "--devices", "500", "--rate", "400"),
            *("--pack", "5", "--for", "1s", "--hgrm", str(hgrm), "--plot", str(plot), "--json"),
        ],
    )
    told = json.loads(result.stdout.strip().splitlines()[-1])

    assert result.exit_code == 0, result.output
    assert (told["sent"], told["acknowledged"], told["unacknowledged"]) == (400, 400, 0)
    assert 0.0 < told["latency_ms"]["p50"] <= told["latency_ms"]["max"]
    assert "TotalCount" in hgrm.read_text(encoding="utf-8")
    assert plot.stat().st_size > 1000


def test_a_broker_that_stalls_shows_in_the_latencies(tmp_path: Path) -> None:
    """A stop of 0.8 s costs every message that was due in it, not only the one that waited."""
    port, log = free_port(), tmp_path / "broker.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(mosquitto_command(tmp_path, port), stdout=sink, stderr=sink)
    try:
        wait_for_port(port, process, log)
        threading.Timer(0.5, os.kill, (process.pid, signal.SIGSTOP)).start()
        threading.Timer(1.3, os.kill, (process.pid, signal.SIGCONT)).start()
        plan = LoadPlan(devices=100, rate=200.0)
        run = run_load(plan, MqttConfig(port=port, client_id="load"), 2.0)
    finally:
        process.kill()
        process.wait(10.0)
    slow = run.histogram.get_value_at_percentile(80.0)

    assert (run.sent, run.acknowledged) == (400, 400)
    # 160 of 400 messages were due while it stood: the slowest fifth waited 0.4 s or longer
    assert slow > 300_000


def test_without_a_broker_the_error_says_so() -> None:
    """Address and what to look after."""
    plan = LoadPlan(devices=1, rate=1.0)

    with pytest.raises(LoadError, match="is it running"):
        run_load(plan, MqttConfig(port=free_port(), client_id="load"), 1.0)
