"""The ``sensors`` section of an edge.yaml that reads the served sensors."""

from typing import Any

import yaml

from simulators.wires.board import Board, WiredSensor
from simulators.wires.chirpstack import dev_eui

__all__ = ["edge_section"]


def edge_section(
    board: Board,
    *,
    modbus: tuple[str, int] | None = None,
    http: tuple[str, int] | None = None,
    token_env: str | None = None,
    broker: tuple[str, int] | None = None,
    every_s: float | None = None,
) -> str:
    """Return YAML with one entry a sensor and wire; sensors of several wires are named apart.

    Args:
        board: the sensors.
        modbus: address of the Modbus gateway.
        http: address of the HTTP server.
        token_env: environment variable with the whole Authorization header for it.
        broker: address of the broker with the uplinks.
        every_s: seconds between two questions; None: the profile's cadence.
    """
    several = sum(wire is not None for wire in (modbus, http, broker)) > 1
    entries: list[dict[str, Any]] = []
    rhythm = {} if every_s is None else {"every_s": every_s}
    for number, sensor in enumerate(board.sensors, 1):
        if modbus is not None:
            entries.append(_modbus(sensor, number, modbus, "m-" if several else "") | rhythm)
        if http is not None:
            entries.append(_http(sensor, http, token_env, "h-" if several else "") | rhythm)
    if broker is not None:
        entries.append(
            {
                "driver": "mqtt",
                "format": "chirpstack",
                "broker": {"host": broker[0], "port": broker[1], "client_id": "edge-lorawan"},
                "topics": ["application/+/device/+/event/up"],
                "devices": [_device(one, "l-" if several else "") for one in board.sensors],
            }
        )
    return yaml.safe_dump({"sensors": entries}, allow_unicode=True, sort_keys=False)


def _modbus(
    sensor: WiredSensor, number: int, address: tuple[str, int], prefix: str
) -> dict[str, Any]:
    registers = [
        {"field": field.name, "address": 2 * place, "type": "float32"}
        if field.kind == "number"
        else {"field": field.name, "address": 2 * place}
        for place, field in enumerate(sensor.profile.fields)
        if field.kind != "text"
    ]
    return {
        "driver": "modbus",
        "subject": prefix + sensor.subject,
        "profile": sensor.profile.name,
        "host": address[0],
        "port": address[1],
        "device_id": number,
        "registers": registers,
    }


def _http(
    sensor: WiredSensor, address: tuple[str, int], token_env: str | None, prefix: str
) -> dict[str, Any]:
    fields = [
        {"field": field.name, "pointer": f"/values/{field.name}"} for field in sensor.profile.fields
    ]
    entry = {
        "driver": "http",
        "subject": prefix + sensor.subject,
        "profile": sensor.profile.name,
        "url": f"http://{address[0]}:{address[1]}/sensors/{sensor.subject}",
        "time_pointer": "/time",
        "fields": fields,
    }
    return entry if token_env is None else entry | {"secret_env": token_env}


def _device(sensor: WiredSensor, prefix: str) -> dict[str, Any]:
    return {
        "device": dev_eui(sensor.subject),
        "subject": prefix + sensor.subject,
        "profile": sensor.profile.name,
        "fields": [
            {"field": field.name, "pointer": f"/object/{field.name}"}
            for field in sensor.profile.fields
        ],
    }
