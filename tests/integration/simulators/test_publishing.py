"""The simulator as a process of its own, against real brokers."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.ack import Ack
from contracts.codec import decode_message, encode
from contracts.readings import Readings
from contracts.status import BoxState, Status
from contracts.topics import Kind, box_topic, subscription
from runtime.mqtt_session import MqttConfig, MqttSession
from simulators.ledger import Ledger, read_ledger

pytestmark = pytest.mark.slow

CONFIG = """\
boxes:
- box: sim-1
  mqtt: {{host: 127.0.0.1, port: {port}, client_id: sim-1}}
  outbox: {{path: {folder}/outbox.db}}
start_at: 2026-07-20T14:00:00Z
clock: {{epoch: 2026-07-20T14:00:00Z, scale: 200}}
until_s: {until_s}
ledger: {folder}/ledger.json
"""


class Listener:
    """Somebody at the broker who hears the box, and acknowledges like a gateway when asked to."""

    def __init__(self, port: int, *, acknowledges: bool) -> None:
        self.acknowledges = acknowledges
        self.readings: Counter[str] = Counter()
        self.status: Status | None = None
        self._session = MqttSession(MqttConfig(port=port, client_id="listener"))
        for kind in (Kind.READINGS, Kind.URGENT, Kind.STATUS):
            self._session.subscribe(subscription(kind))
        self._session.start()
        self.until(lambda: self._session.connected)

    def listen(self) -> None:
        """Take in what has come."""
        inbound = self._session.receive()
        for message in inbound:
            decoded = decode_message(message.payload)
            if isinstance(decoded, Status):
                self.status = decoded
            elif isinstance(decoded, Readings):
                self.readings[decoded.id] += 1
                if self.acknowledges:
                    self._acknowledge(decoded)
        self._session.acknowledge(inbound)

    def _acknowledge(self, message: Readings) -> None:
        ack = Ack(
            box=message.box,
            boot_id=message.boot_id,
            channel=message.channel,
            through_seq=message.seq,
        )
        self._session.publish(box_topic("riverside", "old-town", "sim-1", Kind.ACK), encode(ack))

    def until(self, condition: Callable[[], bool], timeout_s: float = 40.0) -> None:
        """Listen until something is true."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"waited {timeout_s} s in vain"
            self._session.wait(0.05)
            self.listen()

    def close(self) -> None:
        """Leave."""
        self._session.close()


@pytest.fixture
def listener(broker_port: int) -> Iterator[Listener]:
    """A listener that does not acknowledge."""
    made = Listener(broker_port, acknowledges=False)
    yield made
    made.close()


def simulator(*arguments: str) -> subprocess.Popen[str]:
    """Start ``python -m simulators run``."""
    return subprocess.Popen(
        [sys.executable, "-m", "simulators", "run", *arguments], stdout=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str]) -> dict[str, int]:
    """Wait for a simulator that does well, and return the sums in its last line."""
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    sums: dict[str, int] = json.loads(output.splitlines()[-1])
    return sums


def ids_of(ledger: Ledger) -> set[str]:
    """Return the id of every message in a ledger."""
    return {
        f"{lane.box}/{lane.boot_id}/{lane.channel}/{seq}"
        for lane in ledger.lanes
        for seq in range(lane.enqueued)
    }


def test_any_broker_gets_every_reading_once(
    broker_port: int, listener: Listener, tmp_path: Path
) -> None:
    """Without a gateway: every message in the ledger arrives, and the box says goodbye."""
    ledger_path = tmp_path / "ledger.json"
    process = simulator(
        *("--broker", f"mqtt://127.0.0.1:{broker_port}", "--for", "3s", "--speed", "200"),
        *("--ledger", str(ledger_path), "--json"),
    )
    listener.until(lambda: process.poll() is not None)
    sums = ended(process)
    listener.until(lambda: len(listener.readings) >= sums["enqueued"])
    listener.until(
        lambda: listener.status is not None and listener.status.state is BoxState.OFFLINE
    )
    ledger = read_ledger(ledger_path)

    assert ledger is not None
    assert sums["enqueued"] > 900
    assert ids_of(ledger) == set(listener.readings)
    assert set(listener.readings.values()) == {1}


def test_a_gateways_acknowledgement_empties_the_outbox(broker_port: int, tmp_path: Path) -> None:
    """With an outbox: the run ends by itself when all readings are made and acknowledged."""
    config = tmp_path / "sim.yaml"
    config.write_text(CONFIG.format(port=broker_port, folder=tmp_path, until_s=660))
    listener = Listener(broker_port, acknowledges=True)
    process = simulator("--config", str(config), "--json")
    listener.until(lambda: process.poll() is not None)
    sums = ended(process)
    listener.close()
    ledger = read_ledger(tmp_path / "ledger.json")

    assert ledger is not None
    assert ids_of(ledger) == set(listener.readings)
    assert (sums["undelivered"], sums["expected_events"]) == (0, 6)


def test_a_killed_simulator_owes_nothing(broker_port: int, tmp_path: Path) -> None:
    """Killed in the middle and started again, it still delivers what its first life had enqueued."""
    config = tmp_path / "sim.yaml"
    config.write_text(CONFIG.format(port=broker_port, folder=tmp_path, until_s=660))
    listener = Listener(broker_port, acknowledges=False)
    first = simulator("--config", str(config))
    listener.until(lambda: len(listener.readings) > 200)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=10)
    listener.until(
        lambda: listener.status is not None and listener.status.state is BoxState.OFFLINE
    )

    listener.acknowledges = True
    second = simulator("--config", str(config), "--json")
    listener.until(lambda: second.poll() is not None, timeout_s=60.0)
    ended(second)
    listener.close()
    ledger = read_ledger(tmp_path / "ledger.json")

    assert ledger is not None
    assert len({lane.boot_id for lane in ledger.lanes}) == 2
    assert ids_of(ledger) <= set(listener.readings)


def test_without_a_broker_it_says_so(tmp_path: Path) -> None:
    """Messages that nobody took are an exit code of 1 and a number, not a silent success."""
    process = simulator("--broker", "mqtt://127.0.0.1:9", "--for", "1s", "--json", "--drain", "1s")
    output, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert json.loads(output.splitlines()[-1])["undelivered"] > 0


def test_a_city_reaches_anybodys_broker(broker_port: int, listener: Listener) -> None:
    """Every message of a shipped scenario that the simulator counts arrives, once, from every box."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "simulators", "run", "quiet-week", "--json"),
            *("--broker", f"mqtt://127.0.0.1:{broker_port}", "--speed", "3600", "--for", "2s"),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    counted = json.loads(done.stdout.splitlines()[-1])
    listener.until(lambda: sum(listener.readings.values()) >= counted["enqueued"])

    assert counted["undelivered"] == 0
    assert counted["samples"] > 1000
    assert len(listener.readings) == counted["enqueued"]
