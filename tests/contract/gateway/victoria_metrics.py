"""VictoriaMetrics as a real server that takes InfluxDB 2 writes, and the moments that tests write at."""

import json
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from shutil import which

from gateway.ports import Point

__all__ = ["DAY", "DAY_US", "HOUR_US", "NOW_US", "VictoriaMetrics", "seconds_of"]

NOW_US = time.time_ns() // 1_000_000_000 * 1_000_000
HOUR_US = 3_600_000_000
DAY_US = 86_400_000_000
DAY = NOW_US // DAY_US * DAY_US - 3 * DAY_US
"""The midnight three days back."""


def _free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class VictoriaMetrics:
    """A real server that takes InfluxDB 2 writes."""

    def __init__(self, folder: Path) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and return when it answers."""
        program = which("victoria-metrics")
        assert program is not None
        process = subprocess.Popen(
            [
                program,
                f"-storageDataPath={self._folder / 'vm'}",
                f"-httpListenAddr=127.0.0.1:{self.port}",
                "-search.latencyOffset=0",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/health", timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return process
        msg = "victoria-metrics did not answer within 30 s"
        raise AssertionError(msg)

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait(20)

    def read(self, device: str, metric: str, from_us: int, to_us: int) -> list[Point]:
        """Return what the server exports for one series."""
        urllib.request.urlopen(f"{self.url}/internal/force_flush", timeout=10).close()
        query = f"match[]=cityloop_{metric}{{device=%22{device}%22}}"
        span = f"start={from_us / 1e6}&end={(to_us - 1_000) / 1e6}"
        with urllib.request.urlopen(
            f"{self.url}/api/v1/export?{query}&{span}", timeout=10
        ) as answer:
            lines = answer.read().decode().splitlines()
        points: dict[int, Point] = {}
        for text in lines:
            series = json.loads(text)
            for value, at_ms in zip(series["values"], series["timestamps"], strict=True):
                points[at_ms] = Point(device, metric, at_ms * 1_000, value)
        return [points[at] for at in sorted(points)]


def seconds_of(device: str, count: int = 5, step_us: int = 1_000_000) -> list[Point]:
    """Return readings of a device, a second apart, that end within the last hour."""
    start = NOW_US - HOUR_US
    return [Point(device, "depth_m", start + n * step_us, n / 4) for n in range(count)]
