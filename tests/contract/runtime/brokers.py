"""Real brokers for tests: started on free loopback ports, in temporary folders, ended by pid."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

NATS_SERVER = Path(sys.executable).with_name("nats-server")
MOSQUITTO = Path("/usr/sbin/mosquitto")
DEADLINE_S = 20.0


def free_port() -> int:
    """Return a loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(happened: Callable[[], object], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Wait until ``happened()`` is true; fail with ``what`` when it takes too long."""
    end = time.monotonic() + deadline_s
    while not happened():
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        time.sleep(0.005)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Broker:
    """A broker process with its configuration and data in one folder."""

    def __init__(self, command: list[str], port: int, log: Path) -> None:
        self.port = port
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it and wait until it listens."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

        def ready() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, self._log.read_text()
            return _listens(self.port)

        wait_until(ready, f"{self._command[0]} listens on {self.port}")

    def kill(self) -> None:
        """End it with SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(DEADLINE_S)

    def stop(self) -> None:
        """End it with SIGTERM."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(DEADLINE_S)


def start_mosquitto(folder: Path, *settings: str) -> Broker:
    """Return a running Mosquitto; ``settings`` are further lines of its configuration."""
    port = free_port()
    lines = [
        f"listener {port} 127.0.0.1",
        "user root",
        "allow_anonymous true",
        "persistence true",
        f"persistence_location {folder}/",
        *settings,
    ]
    (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
    command = [str(MOSQUITTO), "-c", str(folder / "mosquitto.conf")]
    return Broker(command, port, folder / "mosquitto.log")


def start_nats(folder: Path) -> Broker:
    """Return a running nats-server with MQTT, without users."""
    port = free_port()
    (folder / "nats.conf").write_text(
        f'server_name: test\nlisten: "127.0.0.1:{free_port()}"\n'
        f'jetstream {{ store_dir: "{folder}/js" }}\n'
        f'mqtt {{ listen: "127.0.0.1:{port}", max_ack_pending: 20000, ack_wait: "2s" }}\n'
    )
    command = [str(NATS_SERVER), "-c", str(folder / "nats.conf")]
    return Broker(command, port, folder / "nats.log")
