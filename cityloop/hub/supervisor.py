"""Starts nats-server, waits until it is healthy, makes its streams, and ends it cleanly."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import structlog
from msgspec import Struct

from cityloop.hub.config import HubConfig
from cityloop.hub.errors import ServerDied, ServerMissing
from cityloop.hub.server_config import render
from cityloop.hub.streams import ensure_streams
from runtime.private_file import write_private

__all__ = ["Hub", "HubHealth", "check_health", "find_server", "reload_running"]

_log = structlog.get_logger(__name__)

_START_S = 20.0
_STOP_S = 10.0
_POLL_S = 0.02


def find_server() -> Path:
    """Return the nats-server to run: the one of this environment's wheel, else one on the path.

    Raises:
        ServerMissing: there is none.
    """
    beside = Path(sys.executable).with_name("nats-server")
    if beside.exists():
        return beside
    found = shutil.which("nats-server")
    if found is None:
        raise ServerMissing(
            "nats-server is not installed in this environment; pip install 'cityloop[hub]'"
        )
    return Path(found)


class HubHealth(Struct, frozen=True, kw_only=True):
    """How a hub is doing."""

    ok: bool
    detail: str
    """What it says, or why nothing could be had."""
    version: str = ""
    connections: int = 0
    in_messages: int = 0
    out_messages: int = 0
    slow_consumers: int = 0
    memory_bytes: int = 0
    stored_bytes: int = 0
    stored_messages: int = 0
    streams: int = 0


def _get(config: HubConfig, path: str) -> dict[str, object]:
    url = f"http://{config.monitor.host}:{config.monitor.port}{path}"
    with urllib.request.urlopen(url, timeout=2.0) as answer:
        body: dict[str, object] = json.loads(answer.read())
    return body


def _count(body: dict[str, object], key: str) -> int:
    value = body.get(key, 0)
    return value if isinstance(value, int) else 0


def check_health(config: HubConfig) -> HubHealth:
    """Return how the hub that a configuration describes is doing; never raises for a dead one."""
    try:
        health = _get(config, "/healthz")
        figures = _get(config, "/varz")
        store = _get(config, "/jsz")
    except (OSError, ValueError) as error:
        reason = (
            error.read().decode(errors="replace")
            if isinstance(error, urllib.error.HTTPError)
            else str(error)
        )
        return HubHealth(ok=False, detail=f"{config.monitor.host}:{config.monitor.port}: {reason}")
    status = str(health.get("status"))
    return HubHealth(
        ok=status == "ok",
        detail=status,
        version=str(figures.get("version", "")),
        connections=_count(figures, "connections"),
        in_messages=_count(figures, "in_msgs"),
        out_messages=_count(figures, "out_msgs"),
        slow_consumers=_count(figures, "slow_consumers"),
        memory_bytes=_count(figures, "mem"),
        stored_bytes=_count(store, "bytes"),
        stored_messages=_count(store, "messages"),
        streams=_count(store, "streams"),
    )


def _running_pid(config: HubConfig) -> int | None:
    """Return the process id of the server that runs on this configuration's file, whoever began it."""
    conf = os.fsencode(config.data.resolve() / "nats-server.conf")
    try:
        pid = int((config.data / "nats-server.pid").read_text(encoding="ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if conf in command.split(b"\0") else None


def reload_running(config: HubConfig) -> bool:
    """Let a running server read users and permissions again (SIGHUP); False when none runs.

    Raises:
        RegistryError, SecretError: a user cannot be configured.
    """
    pid = _running_pid(config)
    if pid is None:
        return False
    write_private(config.data.resolve() / "nats-server.conf", render(config))
    os.kill(pid, signal.SIGHUP)
    return True


class Hub:
    """A nats-server process, in this process's group, so that both are killed together."""

    def __init__(self, config: HubConfig) -> None:
        self.config = config
        self._server: subprocess.Popen[bytes] | None = None
        self._conf = config.data.resolve() / "nats-server.conf"
        self._log_path = config.data.resolve() / "nats-server.log"

    @property
    def pid(self) -> int | None:
        """Process id of the server while it runs."""
        return self._server.pid if self._server and self._server.poll() is None else None

    def start(self) -> None:
        """Write the configuration, start the server, wait until it is healthy, make its streams.

        Raises:
            ServerMissing: there is no nats-server.
            ServerDied: it ended, or was not healthy within 20 s; with the end of its log.
            StreamRefused: a stream could not be made.
            RegistryError, SecretError: a user cannot be configured.
        """
        binary = find_server()
        self._end_orphan()
        write_private(self._conf, render(self.config))
        with self._log_path.open("ab") as log:
            self._server = subprocess.Popen(
                [str(binary), "-c", str(self._conf)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._await_health()
            ensure_streams(self.config)
        except BaseException:
            self.stop()
            raise
        _log.info(
            "hub_started",
            pid=self.pid,
            mqtt_port=self.config.mqtt.port,
            streams=list(self.config.effective_streams),
        )

    def _await_health(self) -> None:
        end = time.monotonic() + _START_S
        while not (health := self.health()).ok:
            if self.pid is None or time.monotonic() >= end:
                tail = self._log_path.read_text(encoding="utf-8", errors="replace")[-2000:]
                raise ServerDied(
                    f"hub {self.config.name}: nats-server is not healthy ({health.detail}); "
                    f"its log {self._log_path} ends with:\n{tail}"
                )
            time.sleep(_POLL_S)

    def _end_orphan(self) -> None:
        """End a server that a killed supervisor left behind on the same configuration."""
        pid = _running_pid(self.config)
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        _log.warning("hub_orphan_ended", pid=pid)
        end = time.monotonic() + _STOP_S
        while Path(f"/proc/{pid}").exists():
            if time.monotonic() >= end:
                os.kill(pid, signal.SIGKILL)
                end += _STOP_S
            time.sleep(_POLL_S)

    def health(self) -> HubHealth:
        """Return how the server is doing."""
        return check_health(self.config)

    def stop(self) -> int | None:
        """End the server with SIGTERM, after 10 s with SIGKILL; returns its exit status."""
        server = self._server
        if server is None:
            return None
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                _log.error("hub_killed", pid=server.pid)
                server.kill()
                server.wait(_STOP_S)
        _log.info("hub_stopped", status=server.returncode)
        return server.returncode
