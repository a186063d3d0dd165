"""What every sensor driver promises."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest

from contracts.ids import check_id
from contracts.profiles import PROFILES
from edge.letters import reading_letters
from edge.sensors.config import LoadConfig, ReplayConfig, SimulatedConfig, WaveConfig
from edge.sensors.host_health import HostInstrument
from edge.sensors.http_poll import HttpInstrument
from edge.sensors.load import LoadDriver
from edge.sensors.modbus import ModbusInstrument
from edge.sensors.mqtt_listener import MqttListener
from edge.sensors.polled import PolledDriver
from edge.sensors.ports import SensorDriver
from edge.sensors.replay import ReplayDriver, load_recording
from edge.sensors.simulated import SimulatedDriver
from edge.sensors.wire_config import (
    HostConfig,
    HttpConfig,
    HttpFieldConfig,
    ListenConfig,
    ListenedDeviceConfig,
    MessageFieldConfig,
    MessageFormat,
    ModbusConfig,
    RegisterConfig,
)
from runtime.memory_hub import MemoryHub
from runtime.mqtt_client import MqttConfig
from simulators.wires.board import Board, WiredSensor
from simulators.wires.chirpstack import dev_eui, uplink_of
from simulators.wires.http_server import HttpSensors
from simulators.wires.modbus_server import ModbusSensors

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
WATER = PROFILES["water_level"]


Make = Callable[[], SensorDriver]


def _replay(folder: Path, _: ExitStack) -> Make:
    path = folder / "a.csv"
    rows = "".join(f"{n},w-{n % 3},depth_m,{n / 100}\n" for n in range(40))
    path.write_text(f"time,subject,field,value\n{rows}", encoding="utf-8")
    config = ReplayConfig(file="a.csv", profile="water_level")
    return lambda: ReplayDriver(config, load_recording(path), None)


def _simulated(_: Path, __: ExitStack) -> Make:
    fields = {"depth_m": WaveConfig(base=0.1, noise=0.01)}
    config = SimulatedConfig(subject="w-1", profile="water_level", every_s=1.0, fields=fields)
    return lambda: SimulatedDriver(config, WATER, None)


def _load(_: Path, __: ExitStack) -> Make:
    config = LoadConfig(rate_hz=5.0, subjects=3, profile="water_level")
    return lambda: LoadDriver(config, WATER, lambda: 0)


def _board() -> Board:
    board = Board((WiredSensor(subject="w-1", profile=WATER),))
    board.put("w-1", START, {"depth_m": 0.25})
    return board


def _modbus(_: Path, stack: ExitStack) -> Make:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = ModbusSensors(_board(), "127.0.0.1", port)
    server.start()
    stack.callback(server.close)
    register = msgspec.convert(
        {"field": "depth_m", "address": 0, "type": "float32"}, RegisterConfig
    )
    config = ModbusConfig(
        subject="w-1", profile="water_level", host="127.0.0.1", port=port, registers=(register,)
    )
    return lambda: _polled(ModbusInstrument(config, WATER, None))


def _http(_: Path, stack: ExitStack) -> Make:
    server = HttpSensors(_board(), "127.0.0.1", 0)
    server.start()
    stack.callback(server.close)
    config = HttpConfig(
        subject="w-1",
        profile="water_level",
        url=f"http://127.0.0.1:{server.port}/sensors/w-1",
        fields=(HttpFieldConfig(field="depth_m", pointer="/values/depth_m"),),
    )
    return lambda: _polled(HttpInstrument(config, WATER, None))


def _host(folder: Path, _: ExitStack) -> Make:
    (folder / "proc").mkdir()
    (folder / "proc/loadavg").write_text("0.50 0.4 0.3 1/100 99\n")
    config = HostConfig(subject="box-1")
    gone = folder / "gone"
    return lambda: _polled(HostInstrument(config, None, gone, lambda: 0.001, root=folder))


def _polled(instrument: ModbusInstrument | HttpInstrument | HostInstrument) -> SensorDriver:
    return PolledDriver(instrument, 1.0, Random(1), threaded=False)


def _mqtt(_: Path, stack: ExitStack) -> Make:
    config = ListenConfig(
        broker=MqttConfig(client_id="edge"),
        topics=("application/+/device/+/event/up",),
        format=MessageFormat.CHIRPSTACK,
        devices=(
            ListenedDeviceConfig(
                device=dev_eui("w-1"),
                subject="w-1",
                profile="water_level",
                fields=(MessageFieldConfig(field="depth_m", pointer="/object/depth_m"),),
            ),
        ),
    )

    def make() -> SensorDriver:
        hub, board = MemoryHub(), _board()
        teller = hub.session("network-server")
        teller.start()
        driver = MqttListener(config, hub.session("edge"), None)
        driver.poll(START - timedelta(days=1))
        for second in range(40):
            board.put("w-1", START - timedelta(seconds=second), {"depth_m": second / 100})
        for number, shown in enumerate(board.news()):
            payload = msgspec.json.encode(uplink_of(shown, number))
            assert teller.publish("application/a/device/b/event/up", payload)
        return driver

    return make


@pytest.fixture(
    params=[
        _replay,
        _simulated,
        _load,
        _host,
        _mqtt,
        pytest.param(_modbus, marks=pytest.mark.slow),
        pytest.param(_http, marks=pytest.mark.slow),
    ],
    ids=["replay", "simulated", "load", "host", "mqtt", "modbus", "http"],
)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Return what makes a driver; twice makes two alike. What was made is closed at the end."""
    with ExitStack() as stack:
        one = request.param(tmp_path, stack)

        def closing() -> SensorDriver:
            driver: SensorDriver = one()
            stack.callback(driver.close)
            return driver

        yield closing


def poll_all(driver: SensorDriver) -> list[object]:
    """Return everything measured in 30 s, polled five times a second."""
    moments = [START + timedelta(seconds=n / 5) for n in range(151)]
    return [reading for now in moments for reading in driver.poll(now)]


def test_two_alike_measure_the_same(make: Callable[[], SensorDriver]) -> None:
    """A driver is a function of its configuration and the time: no chance, no clock."""
    found = poll_all(make())

    assert found == poll_all(make())
    assert len(found) >= 30


def test_readings_are_of_its_subjects_and_not_of_the_future(
    make: Callable[[], SensorDriver],
) -> None:
    """Every reading names a subject that was announced, and lies at or before the poll."""
    driver = make()
    subjects = {birth.subject for birth in driver.births}
    for second in range(30):
        now = START + timedelta(seconds=second)
        readings = driver.poll(now)

        assert {reading.subject for reading in readings} <= subjects
        assert all(reading.at <= now for reading in readings)
        assert sorted(reading.at for reading in readings) == [r.at for r in readings]
    assert all(check_id(subject) for subject in subjects)


def test_a_second_poll_of_the_same_moment_gives_nothing(
    make: Callable[[], SensorDriver],
) -> None:
    """Nothing is measured twice."""
    driver = make()
    driver.poll(START)
    driver.poll(START + timedelta(seconds=0.25))

    assert driver.poll(START + timedelta(seconds=0.25)) == []


def test_readings_are_counted_and_fit_into_messages(make: Callable[[], SensorDriver]) -> None:
    """The counter says how many, and a message holds at most per_message of them."""
    driver = make()
    readings = [r for n in range(150) for r in driver.poll(START + timedelta(seconds=n / 5))]
    letters = reading_letters(readings, driver.per_message)

    assert driver.counters["readings"] == len(readings)
    assert len(letters) == -(-len(readings) // driver.per_message)
