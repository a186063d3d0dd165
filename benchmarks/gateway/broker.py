"""A broker of the measurement's own, on free loopback ports."""

import asyncio
import json
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import NamedTuple

import nats

from cityloop.hub.config import HubConfig
from cityloop.hub.streams import make_streams

__all__ = ["Ports", "running_broker"]


class Ports(NamedTuple):
    """Where a broker listens."""

    mqtt: int
    native: int
    """nats-server's own; 0 where there is none."""
    pid: int = 0
    """The broker's process number."""


async def _make_streams(port: int, folder: Path) -> None:
    connection = await nats.connect(f"nats://127.0.0.1:{port}")
    await make_streams(connection.jetstream(), HubConfig(data_dir=str(folder)))
    await connection.close()


@contextmanager
def running_broker(name: str, folder: Path) -> Iterator[Ports]:
    """Run a broker and yield its ports; nats-server has the streams of `cityloop hub`."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        port, other = one.getsockname()[1], two.getsockname()[1]
    config = folder / f"{name}.conf"
    if name == "nats":
        program = str(Path(sysconfig.get_path("scripts")) / "nats-server")
        document = {
            "server_name": "bench",
            "host": "127.0.0.1",
            "port": other,
            "jetstream": {"store_dir": str(folder / "jetstream")},
            "mqtt": {"host": "127.0.0.1", "port": port, "max_ack_pending": 7_000},
        }
        config.write_text(json.dumps(document))
    else:
        program = which("mosquitto") or "/usr/sbin/mosquitto"
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n"
            "max_inflight_messages 0\nmax_queued_messages 0\n"
        )
    process = subprocess.Popen(
        [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                break
        if name == "nats":
            asyncio.run(_make_streams(other, folder))
        yield Ports(port, other if name == "nats" else 0, process.pid)
    finally:
        process.terminate()
        process.wait(10)
