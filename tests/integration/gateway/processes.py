"""A gateway as a process of its own, and an API that takes its events."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import msgspec

from contracts.event import Event
from tests.integration.gateway.broker import free_port
from tests.unit.gateway.city import DISTRICT, PACK

__all__ = ["EventApi", "GatewayProcess", "wait_for"]


def wait_for(condition: Callable[[], bool], what: str, *, within_s: float = 30.0) -> None:
    """Return as soon as ``condition`` holds.

    Raises:
        AssertionError: it did not within ``within_s``.
    """
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            msg = f"not within {within_s} s: {what}"
            raise AssertionError(msg)
        time.sleep(0.01)


class EventApi:
    """A real HTTP server that remembers every event it took."""

    def __init__(self, port: int | None = None) -> None:
        self.events: list[Event] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                api.events.extend(msgspec.json.decode(body, type=list[Event]))
                self.send_response(202)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port or 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def deliveries(self) -> Counter[tuple[str, int]]:
        """Return how often each (id, rev) arrived."""
        return Counter((event.event_id, event.rev) for event in list(self.events))

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class GatewayProcess:
    """``python -m gateway run`` over a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        hub_port: int,
        api_port: int,
        jetstream_port: int | None = None,
        epoch: datetime | None = None,
        origin: datetime | None = None,
        scale: float = 1.0,
        pack: str = PACK,
        sections: dict[str, object] | None = None,
    ) -> None:
        self.folder = folder
        self.metrics_port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pack.yaml").write_text(pack, encoding="utf-8")
        (folder / "key").write_text("secret")
        clock: dict[str, object] = {"scale": scale}
        if epoch is not None and origin is not None:
            clock |= {"epoch": epoch.isoformat(), "origin": origin.isoformat()}
        document = {
            "state_dir": str(folder / "state"),
            "districts": [DISTRICT],
            "hub": {"port": hub_port, "client_id": "gateway", "reconnect_cap_s": 0.5},
            "api": {
                "url": f"http://127.0.0.1:{api_port}",
                "key_file": str(folder / "key"),
                "backoff_cap_s": 0.5,
            },
            "rules": {"paths": [str(folder / "pack.yaml")]},
            "checkpoint": {"every_s": 2.0},
            "metrics": {"port": self.metrics_port},
            "clock": clock,
            **(sections or {}),
        }
        if jetstream_port is not None:
            document["jetstream"] = {"port": jetstream_port}
        self.config = folder / "gateway.yaml"
        # JSON is YAML; quoting keeps the moments texts
        self.config.write_text(json.dumps(document, indent=1), encoding="utf-8")
        self.start()

    def metrics(self) -> str:
        """Return the page of metrics; empty while it is not served."""
        try:
            address = f"http://127.0.0.1:{self.metrics_port}/metrics"
            with urllib.request.urlopen(address, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    def start(self) -> None:
        """Start the process; it may not listen yet."""
        self._log = (self.folder / "gateway.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "run", "--config", str(self.config)],
            stdout=self._log,
            stderr=self._log,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the gateway beside it."""
        return subprocess.run(
            [sys.executable, "-m", "gateway", *arguments, "--config", str(self.config)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def kill(self) -> None:
        """End it as a crash does."""
        self._process.kill()
        self._process.wait(15)
        self._log.close()

    def stop(self) -> int:
        """Ask it to stop and return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(30)
        self._log.close()
        return code
