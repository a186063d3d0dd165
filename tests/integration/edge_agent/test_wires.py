"""Sensor drivers against real servers: Modbus TCP, HTTP, an MQTT broker."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
import yaml

from contracts.profiles import PROFILES
from edge.sensor_build import Surroundings, build_driver
from edge.sensor_lane import SensorLane
from edge.sensors.config import SensorConfig
from edge.sensors.errors import SensorFault
from edge.sensors.ports import SensorDriver, SensorReading
from runtime.mqtt_session import MqttConfig, MqttSession
from simulators.scenario import build_scenario
from simulators.wires.board import Board, WiredSensor
from simulators.wires.chirpstack import ChirpstackUplinks
from simulators.wires.course import StormCourse
from simulators.wires.edge_section import edge_section
from simulators.wires.http_server import HttpSensors
from simulators.wires.modbus_server import ModbusSensors
from tests.contract.runtime.brokers import free_port, start_mosquitto, wait_until

pytestmark = pytest.mark.slow

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
ELEVATOR = PROFILES["elevator"]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Close what was opened."""
    with ExitStack() as opened:
        yield opened


def driver_of(
    stack: ExitStack, section: dict[str, Any], *, folder: Path = Path(), threaded: bool = False
) -> SensorDriver:
    """Return a driver from its section of the configuration."""
    around = Surroundings(
        folder=folder,
        place=None,
        backlog=lambda: 0,
        clock_offset=lambda: None,
        rng=Random(1),
        threaded=threaded,
    )
    config: SensorConfig = msgspec.convert(section, SensorConfig)
    driver = build_driver(config, around)
    stack.callback(driver.close)
    return driver


def elevator_board() -> Board:
    """Return a board with one elevator that moves with somebody trapped."""
    board = Board((WiredSensor(subject="e-1", profile=ELEVATOR),))
    board.put("e-1", START, {"speed_m_s": 1.75, "trapped": True})
    return board


def modbus_section(port: int, **more: Any) -> dict[str, Any]:
    """Return the section that reads the elevator."""
    return {
        "driver": "modbus",
        "subject": "e-1",
        "profile": "elevator",
        "host": "127.0.0.1",
        "port": port,
        "timeout_s": 0.5,
        "every_s": 1.0,
        "registers": [
            {"field": "speed_m_s", "address": 0, "type": "float32"},
            {"field": "trapped", "address": 2, "table": "input", "bit": 0},
        ],
        **more,
    }


def modbus_server(stack: ExitStack, board: Board, port: int | None = None) -> int:
    """Return the port of a running Modbus server."""
    port = port or free_port()
    server = ModbusSensors(board, "127.0.0.1", port)
    server.start()
    stack.callback(server.close)
    return port


def test_registers_and_bits_of_a_modbus_device_are_read(stack: ExitStack) -> None:
    """A float over two holding registers and a bit of an input register."""
    driver = driver_of(stack, modbus_section(modbus_server(stack, elevator_board())))
    (reading,) = driver.poll(START)

    assert reading.values == {"speed_m_s": 1.75, "trapped": True}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"device_id": 9}, "9"),
        ({"registers": [{"field": "speed_m_s", "address": 500}]}, "check the register map"),
    ],
    ids=["no such device", "no such register"],
)
def test_an_error_of_the_device_is_a_fault(
    stack: ExitStack, more: dict[str, Any], said: str
) -> None:
    """What a device refuses is told with its address, and asked again later."""
    driver = driver_of(stack, modbus_section(modbus_server(stack, elevator_board()), **more))
    with pytest.raises(SensorFault, match=said):
        driver.poll(START)


def test_a_device_that_went_away_is_found_again(stack: ExitStack) -> None:
    """While nobody listens it is a fault; once it is back it is read, over a new connection."""
    port = free_port()
    driver = driver_of(stack, modbus_section(port))
    with pytest.raises(SensorFault, match="cannot be reached"):
        driver.poll(START)
    for _ in range(2):
        with ExitStack() as server:
            modbus_server(server, elevator_board(), port)
            later = (START + timedelta(seconds=n) for n in range(1, 1000))
            assert any(_polled(driver, at) for at in later)


def _polled(driver: SensorDriver, at: datetime) -> list[SensorReading]:
    try:
        return driver.poll(at)
    except SensorFault:
        return []


def test_a_dead_sensor_does_not_delay_a_living_one(stack: ExitStack) -> None:
    """A device that accepts and says nothing costs its own answers; another's come all the while."""
    silent = socket.create_server(("127.0.0.1", 0))
    stack.callback(silent.close)
    dead = modbus_section(silent.getsockname()[1], timeout_s=2.0, subject="dead")
    living = modbus_section(modbus_server(stack, elevator_board()), every_s=0.05)
    lanes = [SensorLane(driver_of(stack, one, threaded=True)) for one in (dead, living)]
    heard, slowest_s = 0, 0.0
    end = time.monotonic() + 20.0
    while heard < 10 and time.monotonic() < end:
        begun = time.monotonic()
        heard += sum(len(lane.step(datetime.now(UTC))) for lane in lanes)
        slowest_s = max(slowest_s, time.monotonic() - begun)

    assert heard == 10
    assert lanes[0].counters["readings"] == 0
    assert slowest_s < 1.5


@pytest.fixture
def sensors(stack: ExitStack) -> Callable[[str | None], int]:
    """Return what serves the elevator over HTTP, with or without a token; gives its port."""

    def serve(token: str | None) -> int:
        server = HttpSensors(elevator_board(), "127.0.0.1", 0, token)
        server.start()
        stack.callback(server.close)
        return server.port

    return serve


def http_section(port: int, **more: Any) -> dict[str, Any]:
    """Return the section that reads the elevator."""
    return {
        "driver": "http",
        "subject": "e-1",
        "profile": "elevator",
        "url": f"http://127.0.0.1:{port}/sensors/e-1",
        "every_s": 1.0,
        "timeout_s": 0.5,
        "fields": [
            {"field": "speed_m_s", "pointer": "/values/speed_m_s"},
            {"field": "trapped", "pointer": "/values/trapped"},
        ],
        **more,
    }


def test_json_is_read_with_a_secret_from_a_file(
    stack: ExitStack, sensors: Callable[[str | None], int], tmp_path: Path
) -> None:
    """The header's value comes from a file and is never in the configuration."""
    (tmp_path / "token").write_text("Bearer s3cr3t-of-the-lift\n")
    section = http_section(sensors("s3cr3t-of-the-lift"), secret_file="token", time_pointer="/time")
    (reading,) = driver_of(stack, section, folder=tmp_path).poll(START + timedelta(seconds=3))

    assert reading.values == {"speed_m_s": 1.75, "trapped": True}
    assert reading.at == START


def test_an_answer_that_did_not_move_on_is_no_new_reading(
    stack: ExitStack, sensors: Callable[[str | None], int]
) -> None:
    """A station that measures every minute and is asked every second gives one reading a minute."""
    driver = driver_of(stack, http_section(sensors(None), time_pointer="/time"))
    found = [len(driver.poll(START + timedelta(seconds=n))) for n in range(5)]

    assert found == [1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "answered 401"),
        ({"url": "http://127.0.0.1:9/x"}, "did not answer"),
    ],
    ids=["no secret", "nobody listens"],
)
def test_an_address_that_does_not_answer_is_a_fault(
    stack: ExitStack, sensors: Callable[[str | None], int], more: dict[str, Any], said: str
) -> None:
    """A wrong key or a dead address is told, and asked again later."""
    driver = driver_of(stack, http_section(sensors("s3cr3t-of-the-lift"), **more))
    with pytest.raises(SensorFault, match=said):
        driver.poll(START)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{]", "no JSON"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "nothing stands"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 1_100_000, "more than 1,000,000 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "did not answer"),
        (b"", "did not answer"),
    ],
    ids=["rubbish", "empty", "endless", "cut off", "hung up"],
)
def test_a_wrong_answer_is_a_fault(stack: ExitStack, answer: bytes, said: str) -> None:
    """Whatever comes in place of the values is told and costs no more than the timeout."""
    server = socket.create_server(("127.0.0.1", 0))
    stack.callback(server.close)

    def reply() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(answer)

    thread = threading.Thread(target=reply)
    thread.start()
    driver = driver_of(stack, http_section(server.getsockname()[1]))
    with pytest.raises(SensorFault, match=said):
        driver.poll(START)
    driver.close()
    thread.join(5.0)


def test_a_served_storm_is_read_the_same_over_every_wire(stack: ExitStack, tmp_path: Path) -> None:
    """What the scenario measured comes out of Modbus, HTTP and LoRaWAN uplinks alike."""
    course = StormCourse(build_scenario("rainstorm", 1))
    board = Board(course.sensors)
    broker = start_mosquitto(tmp_path)
    stack.callback(broker.stop)
    http = HttpSensors(board, "127.0.0.1", 0)
    http.start()
    stack.callback(http.close)
    modbus = modbus_server(stack, board)
    uplinks = ChirpstackUplinks(
        board, MqttSession(MqttConfig(port=broker.port, client_id="network-server"))
    )
    uplinks.start()
    stack.callback(uplinks.close)
    section = edge_section(
        board,
        modbus=("127.0.0.1", modbus),
        http=("127.0.0.1", http.port),
        broker=("127.0.0.1", broker.port),
        every_s=1.0,
    )
    drivers = [driver_of(stack, one) for one in yaml.safe_load(section)["sensors"]]
    listener = drivers[-1]
    listener.poll(START)
    wait_until(lambda: listener.poll(START) or listener.counters["connected"], "it listens")
    for one in course.take(130.0):
        board.put(one.subject, START + timedelta(seconds=one.at_s), one.values)
    expected = {
        shown.sensor.subject: shown.values
        for sensor in board.sensors
        if (shown := board.latest(sensor.subject)) is not None
    }
    now = START + timedelta(seconds=130.0)
    found: dict[str, dict[str, Any]] = {}

    def listen() -> bool:
        uplinks.step()
        for reading in listener.poll(now):
            found[reading.subject] = reading.values
        return all(found.get(f"l-{subject}") == values for subject, values in expected.items())

    wait_until(listen, "every sensor's last uplink arrives")
    for driver in drivers[:-1]:
        for reading in _polled(driver, now):
            found[reading.subject] = reading.values

    assert len(expected) >= 15
    for subject, values in expected.items():
        numbers = {name: value for name, value in values.items() if not isinstance(value, str)}

        assert found[f"h-{subject}"] == values
        assert found[f"m-{subject}"] == pytest.approx(numbers, rel=1e-6)
