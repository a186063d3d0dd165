"""Node-RED beside our gateway, on the same messages behind the same Mosquitto, one after the other.

The flow does less than the gateway does: MQTT in (QoS 1) → JSON → switch on the depth → rbe (report by
exception); no journal, no delays, no hysteresis. It is installed once, by npm, into ``var/node-red`` or
the folder in ``CITYLOOP_NODE_RED``.
"""

import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.gateway.broker import running_broker
from benchmarks.gateway.load import DISTRICT, flood
from benchmarks.gateway.runs import Way, gateway_rate
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession

__all__ = ["measure_node_red"]

_VERSION = "4"
_WARM, _COUNT = 20_000, 40_000
"""Messages before and while the time is taken; our gateway hears of its devices in the first ones."""
_STARTUP_S = 60.0
_DONE, _OUT, _READY = f"city/v1/{DISTRICT}/bench/done/readings", "bench/out", "bench/ready"
_FINISH_S = 90.0


def measure_node_red() -> dict[str, Any]:
    """Return messages a second of both and their ratio; null and the reason where it cannot run."""
    missing = [name for name in ("npm", "node", "mosquitto") if not _find(name)]
    if missing:
        return {"node_red_ratio": None, "node_red_skipped": f"not installed: {', '.join(missing)}"}
    try:
        program = _installed()
    except (OSError, subprocess.SubprocessError) as error:
        return {"node_red_ratio": None, "node_red_skipped": f"npm could not install it: {error}"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_broker("mosquitto", folder) as ports:
            theirs = _node_red_rate(program, folder / "red", ports.mqtt)
            way = Way(ports, jetstream=False)
            ours = gateway_rate(folder / "gateway", way, _WARM + _COUNT, 1, 1).messages_per_s
    return {
        "node_red_messages_per_s": round(theirs),
        "gateway_messages_per_s": round(ours),
        "node_red_ratio": round(ours / theirs, 2),
    }


def _find(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _installed() -> Path:
    """Return Node-RED's program, installing it where it is not yet."""
    root = Path(os.environ.get("CITYLOOP_NODE_RED", "var/node-red")).absolute()
    program = root / "node_modules" / "node-red" / "red.js"
    if not program.exists():
        root.mkdir(parents=True, exist_ok=True)
        npm = _find("npm")
        assert npm is not None
        command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(root)]
        subprocess.run(
            [*command, f"node-red@{_VERSION}"], check=True, capture_output=True, timeout=300
        )
    return program


def _flow(port: int) -> list[dict[str, Any]]:
    """Return the flow. The switch lets depths from 15 cm on through, and the last message."""
    depth = "payload.records[0].v"
    to_rules = {"id": "json", "type": "json", "z": "tab", "property": "payload", "action": "obj"}
    deep = {"t": "gte", "v": "0.15", "vt": "num"}
    nodes: list[dict[str, Any]] = [
        {"id": "tab", "type": "tab", "label": "ponding"},
        {"id": "hub", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(port), "clientid": "",
         "autoConnect": True, "protocolVersion": "4", "keepalive": "60", "cleansession": True},
        {"id": "in", "type": "mqtt in", "z": "tab", "topic": f"city/v1/{DISTRICT}/+/+/readings",
         "qos": "1", "datatype": "utf8", "broker": "hub", "nl": False, "rap": False,
         "inputs": 0, "wires": [["json"]]},
        {**to_rules, "wires": [["switch"]]},
        {"id": "switch", "type": "switch", "z": "tab", "property": depth, "propertyType": "msg",
         "rules": [deep], "checkall": "true", "outputs": 1, "wires": [["rbe"]]},
        {"id": "rbe", "type": "rbe", "z": "tab", "func": "rbe", "property": depth, "septopics": True,
         "topi": "topic", "wires": [["out"]]},
        {"id": "out", "type": "mqtt out", "z": "tab", "topic": _OUT, "qos": "1", "retain": "",
         "broker": "hub", "wires": []},
        {"id": "once", "type": "inject", "z": "tab", "once": True, "onceDelay": "1", "repeat": "0.5",
         "topic": "", "payload": "1", "payloadType": "num", "props": [{"p": "payload"}],
         "wires": [["ready"]]},
        {"id": "ready", "type": "mqtt out", "z": "tab", "topic": _READY, "qos": "1", "retain": "",
         "broker": "hub", "wires": []},
    ]  # fmt: skip
    # what has no place on the canvas is taken for a configuration
    return [node | {"x": 100, "y": 100} if "wires" in node else node for node in nodes]


@contextmanager
def _running(program: Path, folder: Path, port: int) -> Iterator[None]:
    """Run Node-RED with the flow."""
    folder.mkdir()
    (folder / "flows.json").write_text(json.dumps(_flow(port)), encoding="utf-8")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        web = one.getsockname()[1]
    settings = {
        "uiPort": web, "uiHost": "127.0.0.1", "flowFile": "flows.json", "httpAdminRoot": False,
        "httpNodeRoot": False, "telemetry": {"enabled": False, "updateNotification": False},
        "logging": {"console": {"level": "warn"}},
    }  # fmt: skip
    (folder / "settings.js").write_text(f"module.exports = {json.dumps(settings)}")
    node = _find("node")
    assert node is not None
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [node, str(program), "--userDir", str(folder)],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _node_red_rate(program: Path, folder: Path, port: int) -> float:
    """Return messages per second from the first one published to the last one out of the flow."""
    session = MqttSession(MqttConfig(port=port, client_id="watcher"))
    session.subscribe(_OUT)
    session.subscribe(_READY)
    session.start()
    with _running(program, folder, port):
        _wait_for(session, _READY, _STARTUP_S, folder)
        _publish(session, port, _WARM, 99.0, folder)
        elapsed = _publish(session, port, _COUNT, 100.0, folder)
    session.close()
    return _COUNT / elapsed


def _publish(session: MqttSession, port: int, count: int, last: float, folder: Path) -> float:
    """Return the seconds from the first message to the last one, which alone comes out again."""
    spawn = multiprocessing.get_context("spawn")
    ready, go = spawn.Event(), spawn.Event()
    load = spawn.Process(target=flood, args=(port, count, 1, go, 1e9, ready))
    load.start()
    ready.wait(60)
    began = time.perf_counter()
    go.set()
    load.join()
    session.publish(_DONE, json.dumps({"records": [{"v": last}]}).encode(), qos=1)
    _wait_for(session, _OUT, _FINISH_S, folder)
    return time.perf_counter() - began


def _wait_for(session: MqttSession, topic: str, within_s: float, folder: Path) -> None:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        inbound = session.receive(1_000)
        session.acknowledge(inbound)
        if any(message.topic == topic for message in inbound):
            return
        session.wait(0.05)
    log = (folder / "log").read_text("utf-8", "replace")[-500:]
    message = f"Node-RED sent nothing on {topic} within {within_s:g} s; its log ends: {log}"
    raise TimeoutError(message)
