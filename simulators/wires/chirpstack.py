"""Simulated sensors as LoRaWAN devices: uplinks as ChirpStack v4 publishes them.

Topic and fields follow ChirpStack v4 with the JSON marshaler, topic
``application/{application}/device/{DevEUI}/event/up``. ``object`` holds the values as a decoder in the
network server leaves them, ``data`` the same numbers as float32, big-endian, in the profile's order.
"""

import base64
import hashlib
import struct
from collections import deque
from datetime import datetime
from typing import Any

import msgspec

from runtime.session import Session
from simulators.wires.board import Board, Shown

__all__ = ["ChirpstackUplinks", "dev_eui", "uplink_of"]

_APPLICATION = "00000000-0000-4000-8000-0000c1710090"

_MOST_WAITING = 100_000
"""Uplinks that may wait for the broker; beyond, the oldest go and are counted."""


def dev_eui(subject: str) -> str:
    """Return the made-up DevEUI of a sensor: 16 hex digits that hang on its name alone."""
    return hashlib.sha256(subject.encode()).hexdigest()[:16]


def uplink_of(shown: Shown, counter: int) -> dict[str, Any]:
    """Return the uplink of a measurement. ``counter`` is its frame counter."""
    eui = dev_eui(shown.sensor.subject)
    packed = b"".join(
        struct.pack(">f", float(value))
        for field in shown.sensor.profile.fields
        if not isinstance(value := shown.values.get(field.name, 0.0), str)
    )
    moment: datetime = shown.at
    return {
        "deduplicationId": hashlib.sha256(f"{eui}/{counter}".encode()).hexdigest()[:32],
        "time": moment.isoformat(),
        "deviceInfo": {
            "tenantName": "cityloop",
            "applicationId": _APPLICATION,
            "applicationName": "simulated",
            "deviceProfileName": shown.sensor.profile.name,
            "deviceName": shown.sensor.subject,
            "devEui": eui,
        },
        "devAddr": eui[:8],
        "adr": True,
        "dr": 5,
        "fCnt": counter,
        "fPort": 2,
        "confirmed": False,
        "data": base64.b64encode(packed).decode(),
        "object": shown.values,
        "rxInfo": [{"gatewayId": "0016c001f153a14c", "rssi": -72, "snr": 9.2}],
    }


class ChirpstackUplinks:
    """Publishes what is new on the board.

    Args:
        board: what the sensors show.
        session: the way to the broker; started and closed here.
    """

    def __init__(self, board: Board, session: Session) -> None:
        self.counters: dict[str, int] = {"published": 0, "dropped": 0}
        self._board = board
        self._session = session
        self._counters: dict[str, int] = {}
        self._waiting: deque[tuple[str, bytes]] = deque()

    def start(self) -> None:
        """Begin to connect."""
        self._session.start()

    @property
    def backlog(self) -> int:
        """Uplinks that the broker has not taken."""
        return len(self._waiting) + self._session_in_flight()

    def step(self) -> None:
        """Publish what is new, as far as the broker takes it."""
        for shown in self._board.news():
            subject = shown.sensor.subject
            counter = self._counters.get(subject, 0)
            self._counters[subject] = counter + 1
            topic = f"application/{_APPLICATION}/device/{dev_eui(subject)}/event/up"
            self._waiting.append((topic, msgspec.json.encode(uplink_of(shown, counter))))
            if len(self._waiting) > _MOST_WAITING:
                self._waiting.popleft()
                self.counters["dropped"] += 1
        while self._waiting:
            topic, payload = self._waiting[0]
            if not self._session.publish(topic, payload):
                return
            self._waiting.popleft()
            self.counters["published"] += 1

    def close(self) -> None:
        """Say goodbye."""
        self._session.close()

    def _session_in_flight(self) -> int:
        return int(getattr(self._session, "in_flight", 0))
