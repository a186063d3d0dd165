"""What of a sensor's section is refused before anything starts."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from edge.config import load_edge_config
from edge.sensors.modbus import Span, spans_of
from edge.sensors.wire_config import RegisterConfig, RegisterKind
from runtime.errors import ConfigError

BOX = {"box": {"district": "d", "site": "s", "box": "b"}}
MODBUS: dict[str, Any] = {
    "driver": "modbus",
    "subject": "w-1",
    "profile": "water_level",
    "host": "10.0.0.7",
    "registers": [{"field": "depth_m", "address": 0}],
}
HTTP: dict[str, Any] = {
    "driver": "http",
    "subject": "w-1",
    "profile": "water_level",
    "url": "http://10.0.0.7/now",
    "fields": [{"field": "depth_m", "pointer": "/depth"}],
}
MQTT: dict[str, Any] = {
    "driver": "mqtt",
    "broker": {"client_id": "edge"},
    "topics": ["a/+"],
    "device_level": 1,
    "devices": [
        {
            "device": "x",
            "subject": "w-1",
            "profile": "water_level",
            "fields": [{"field": "depth_m", "pointer": "/depth"}],
        }
    ],
}


def load(folder: Path, **sections: Any) -> None:
    """Load a configuration with these sections."""
    path = folder / "edge.yaml"
    path.write_text(yaml.safe_dump({**BOX, **sections}), encoding="utf-8")
    load_edge_config(path)


@pytest.mark.parametrize("sensor", [MODBUS, HTTP, MQTT], ids=["modbus", "http", "mqtt"])
def test_a_plain_section_can_run(tmp_path: Path, sensor: dict[str, Any]) -> None:
    """The least that a driver needs is accepted."""
    load(tmp_path, sensors=[sensor])


REGISTER = MODBUS["registers"][0]
DEVICE = MQTT["devices"][0]


@pytest.mark.parametrize(
    ("sensor", "said"),
    [
        ({**MODBUS, "profile": "kettle"}, "no device profile"),
        ({**MODBUS, "registers": [{**REGISTER, "field": "x"}]}, "no field of profile water_level"),
        ({**MODBUS, "registers": [REGISTER, REGISTER]}, "filled twice"),
        ({**MODBUS, "registers": [{**REGISTER, "scale": 0}]}, "scale is 0"),
        ({**MODBUS, "registers": [{**REGISTER, "unit": "furlong"}]}, "no unit"),
        ({**MODBUS, "registers": [{**REGISTER, "bit": 3}]}, "a bit is a flag"),
        ({**MODBUS, "registers": [{**REGISTER, "curve": [[1, 1]]}]}, "at least two"),
        (
            {**MODBUS, "registers": [{**REGISTER, "curve": [[0, 0], [1, 1]], "polynomial": [1]}]},
            "keep one",
        ),
        ({**HTTP, "url": "http://user:pw@10.0.0.7/now"}, "url"),
        ({**HTTP, "fields": [{"field": "depth_m", "pointer": "depth"}]}, "a slash first"),
        ({**HTTP, "time_pointer": "at"}, "a slash first"),
        ({**MQTT, "device_level": None}, "whose a message is"),
        ({**MQTT, "devices": [DEVICE, DEVICE]}, "named twice"),
        ({**MQTT, "devices": [{**DEVICE, "profile": "kettle"}]}, "no device profile"),
        (
            {**MQTT, "devices": [{**DEVICE, "fields": [{"field": "depth_m"}]}]},
            "exactly one of pointer and byte",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_cannot_work_is_refused_with_its_line(
    tmp_path: Path, sensor: dict[str, Any], said: str
) -> None:
    """The message names the file, the line and what is wrong there."""
    with pytest.raises(ConfigError, match=r"edge\.yaml:\d+:\d+: ") as error:
        load(tmp_path, sensors=[sensor])

    assert said in str(error.value)


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ({"profile": "kettle", "field": "depth_m"}, "no device profile"),
        ({"profile": "manhole", "field": "cover_open"}, "no number of profile manhole"),
    ],
    ids=["profile", "flag"],
)
def test_a_gate_on_nothing_is_refused(tmp_path: Path, gate: dict[str, str], said: str) -> None:
    """A gate names a number of a profile."""
    with pytest.raises(ConfigError, match=said):
        load(tmp_path, quality=[gate])


def register(address: int, kind: str = "uint16", table: str = "holding") -> RegisterConfig:
    """Return a register of a map."""
    import msgspec  # noqa: PLC0415

    return msgspec.convert(
        {"field": "depth_m", "address": address, "type": kind, "table": table}, RegisterConfig
    )


def test_registers_that_touch_are_asked_for_together() -> None:
    """Touching registers share a question; gaps, other tables and 125 registers end it."""
    found = spans_of(
        [
            register(4, "float32"),
            register(0),
            register(1),
            register(2, "int32"),
            register(10),
            register(0, table="input"),
        ]
    )

    assert found == [
        Span(RegisterKind.HOLDING, 0, 6),
        Span(RegisterKind.HOLDING, 10, 1),
        Span(RegisterKind.INPUT, 0, 1),
    ]


def test_no_question_is_longer_than_a_device_may_answer() -> None:
    """200 registers in a row are two questions, and no number is cut in two."""
    found = spans_of([register(2 * number, "float32") for number in range(100)])

    assert [span.size for span in found] == [124, 76]
