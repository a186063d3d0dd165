"""The load: messages of a small city, published by a process that speaks raw MQTT."""

import select
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event

from contracts.codec import encode
from contracts.envelope import Channel
from contracts.readings import Readings, Record
from contracts.topics import Kind, box_topic

__all__ = ["DISTRICT", "WARM_MESSAGES", "flood", "level_messages", "level_reading", "pace", "ring"]

DISTRICT, _SITE, _BOOT = "nanshan", "bench", "00000000000000aa"
_BOXES = 50
WARM_MESSAGES = 10_000
"""Messages before anything is measured; each device is heard of once in them."""
_HEAD_S = 200.0
"""How far behind its publication the load's event time begins; no message is late or ahead."""
_WINDOW = 1_000


def level_reading(
    box: int, seq: int, first_device: int, pack: int, at: datetime, devices: int
) -> tuple[str, bytes]:
    """Return topic and payload of a pack of water levels that raise no event."""
    name = f"box-{box}"
    records = tuple(
        Record(
            bn=f"water-{(first_device + n) % devices}/",
            profile="water_level",
            n="depth_m",
            u="m",
            v=0.01 * ((seq + n) % 12),
        )
        for n in range(pack)
    )
    message = Readings(
        id=f"{name}/{_BOOT}/readings/{seq}",
        box=name,
        boot_id=_BOOT,
        channel=Channel.READINGS,
        seq=seq,
        at=at,
        sent_at=at,
        records=records,
    )
    return box_topic(DISTRICT, _SITE, name, Kind.READINGS), encode(message)


def _alarm(seq: int, at: datetime) -> tuple[str, bytes]:
    """Return topic and payload of a button's press: every one raises an event."""
    message = Readings(
        id=f"bell/{_BOOT}/urgent/{seq}",
        box="bell",
        boot_id=_BOOT,
        channel=Channel.URGENT,
        seq=seq,
        at=at,
        sent_at=at,
        records=(Record(bn=f"button-{seq}/", profile="alarm_button", n="pressed", vb=True),),
    )
    return box_topic(DISTRICT, _SITE, "bell", Kind.URGENT), encode(message)


def level_messages(count: int, pack: int) -> list[tuple[str, bytes]]:
    """Return topics and payloads of packs of water levels, from every box in turn.

    There are :data:`WARM_MESSAGES` packs of devices: 10,000 devices alone, 100,000 in packs of ten.
    """
    devices = WARM_MESSAGES * pack
    began = datetime.now(UTC) - timedelta(seconds=_HEAD_S)
    rounds = [began + timedelta(seconds=n) for n in range(count // WARM_MESSAGES + 1)]
    return [
        level_reading(n % _BOXES, n // _BOXES, n * pack, pack, rounds[n // WARM_MESSAGES], devices)
        for n in range(count)
    ]


class _RawPublisher:
    """MQTT 3.1.1 QoS 1 with a window, and nothing else."""

    def __init__(self, port: int, client_id: str = "flood") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = client_id.encode()
        self._socket.sendall(
            b"\x10%c\x00\x04MQTT\x04\x02\x00\x3c\x00%c%b" % (12 + len(name), len(name), name)
        )
        self._socket.recv(4)
        self._mid = 0
        self._answers = 0
        self.under_way = 0

    def _packet(self, topic: str, payload: bytes) -> bytes:
        self._mid = self._mid % 65_535 + 1
        body = (
            len(topic).to_bytes(2, "big") + topic.encode() + self._mid.to_bytes(2, "big") + payload
        )
        size, length = len(body), b""
        while True:
            size, low = divmod(size, 128)
            length += bytes([low | (0x80 if size else 0)])
            if not size:
                return b"\x32" + length + body

    def send(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Send messages as the window allows."""
        for start in range(0, len(messages), 200):
            chunk = messages[start : start + 200]
            while self.under_way + len(chunk) > _WINDOW:
                self.listen(1.0)
            self._socket.sendall(b"".join(self._packet(*message) for message in chunk))
            self.under_way += len(chunk)
            self.listen(0.0)

    def listen(self, timeout_s: float) -> None:
        """Count PUBACKs: four bytes each."""
        if select.select([self._socket], [], [], timeout_s)[0]:
            self._answers += len(self._socket.recv(65_536))
            done, self._answers = divmod(self._answers, 4)
            self.under_way -= done

    def finish(self) -> None:
        """Wait for what is under way and say goodbye."""
        while self.under_way:
            self.listen(1.0)
        self._socket.sendall(b"\xe0\x00")
        self._socket.close()


def flood(
    port: int, count: int, pack: int, go: Event, rate: float = 1e9, ready: Event | None = None
) -> None:
    """Publish ``count`` prepared messages from ``go`` on, as fast as the broker takes them.

    ``rate`` messages a second at the most; ``ready`` is set when they are prepared.
    """
    messages = level_messages(count, pack)
    if ready is not None:
        ready.set()
    go.wait(60)
    publisher = _RawPublisher(port)
    began, sent = time.perf_counter(), 0
    while sent < count:
        due = min(count, sent + 1_000, int((time.perf_counter() - began) * rate) + 1)
        publisher.send(messages[sent:due])
        sent = max(sent, due)
        publisher.listen(0.0005)
    publisher.finish()


def pace(port: int, rate: int, seconds: float, go: Event) -> None:
    """Publish at ``rate`` messages a second from ``go`` on; one in 100 is an alarm."""
    go.wait(30)
    publisher = _RawPublisher(port)
    began, sent = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - began) < seconds:
        due = int(elapsed * rate)
        at = datetime.now(UTC)
        batch = [
            _alarm(n // 100, at)
            if n % 100 == 0
            else level_reading(n % _BOXES, n, n, 1, at, WARM_MESSAGES)
            for n in range(sent, due)
        ]
        # the readings' seqs leave gaps here: their acks do not matter to what is measured
        publisher.send(batch)
        sent = max(sent, due)
        publisher.listen(0.0005)
    publisher.finish()


def ring(port: int, rate: int, go: Event, over: Event) -> None:
    """Publish ``rate`` alarms a second, as a box of its own, from ``go`` until ``over``."""
    publisher = _RawPublisher(port, "bell")
    go.wait(30)
    began, sent = time.perf_counter(), 0
    while not over.is_set():
        due = int((time.perf_counter() - began) * rate)
        at = datetime.now(UTC)
        publisher.send([_alarm(n, at) for n in range(sent, due)])
        sent = max(sent, due)
        publisher.listen(0.5 / rate)
    publisher.finish()
