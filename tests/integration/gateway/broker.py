"""Real brokers on free loopback ports, ended by their pid."""

import asyncio
import json
import socket
import subprocess
import sysconfig
import time
from pathlib import Path
from shutil import which

import nats
import pytest

from cityloop.hub.config import HubConfig
from cityloop.hub.streams import make_streams

__all__ = ["Broker", "free_port", "start_jetstream", "start_mosquitto", "start_nats"]


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """A running broker that can be killed and started again on the same port and store."""

    def __init__(self, command: list[str], port: int, native: int | None = None) -> None:
        self._command = command
        self.port = port
        self.native = native
        """Port of the streams that a gateway is to read; None: it is to use MQTT."""
        self.start()

    def start(self) -> None:
        """Start the program and wait until it listens."""
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        msg = f"{self._command[0]} does not listen on port {self.port} after 15 s"
        raise AssertionError(msg)

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._process.kill()
        self._process.wait(15)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(15)


def start_mosquitto(folder: Path, *, autosave: bool = True) -> Broker:
    """Return a Mosquitto that queues without limit, and on the disk if it is to save at once."""
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n"
        "max_inflight_messages 0\nmax_queued_messages 0\n"
        f"persistence true\npersistence_location {folder}/\n"
        + ("autosave_interval 1\nautosave_on_changes true\n" if autosave else "")
    )
    program = which("mosquitto") or "/usr/sbin/mosquitto"
    if not Path(program).exists():
        pytest.skip("mosquitto is not installed")
    return Broker([program, "-c", str(config)], port)


def start_jetstream(folder: Path) -> Broker:
    """Return a nats-server with the streams of `cityloop hub`, to be read by the gateway."""
    native = free_port()
    broker = start_nats(folder, native)
    asyncio.run(_make_streams(native, folder))
    broker.native = native
    return broker


async def _make_streams(port: int, folder: Path) -> None:
    connection = await nats.connect(f"nats://127.0.0.1:{port}")
    await make_streams(connection.jetstream(), HubConfig(data_dir=str(folder)))
    await connection.close()


def start_nats(folder: Path, native: int | None = None) -> Broker:
    """Return a nats-server with JetStream and MQTT."""
    port = free_port()
    config = folder / "nats.conf"
    document = {
        "server_name": "test",
        "host": "127.0.0.1",
        "port": native or free_port(),
        "jetstream": {"store_dir": str(folder / "jetstream")},
        "mqtt": {"host": "127.0.0.1", "port": port, "max_ack_pending": 7_000, "ack_wait": "2s"},
    }
    config.write_text(json.dumps(document))
    program = Path(sysconfig.get_path("scripts")) / "nats-server"
    return Broker([str(program), "-c", str(config)], port)
