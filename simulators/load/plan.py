"""What a load consists of: devices in packs, boxes that speak for them, and when each message is due."""

from datetime import datetime

import msgspec
from msgspec import Struct

from contracts.codec import encode
from contracts.envelope import Channel, Id
from contracts.profiles import PROFILES, DeviceProfile
from contracts.readings import Readings, Record
from contracts.topics import Kind, box_topic
from simulators.errors import ScenarioError

__all__ = ["LoadMessage", "LoadPlan"]

_PER_BOX = 100
"""Devices that speak through one box."""


class LoadMessage(Struct, frozen=True, kw_only=True):
    """One message that is due."""

    topic: str
    payload: bytes
    due_s: float
    """Seconds after the start."""


class LoadPlan(Struct, frozen=True, kw_only=True):
    """A load: message ``n`` is due at ``n / rate`` seconds, whatever became of the ones before.

    Devices take turns, so each reports every ``devices / (rate * pack)`` seconds.
    """

    devices: int
    rate: float
    """Messages a second."""
    pack: int = 1
    """Devices in a message."""
    profile: str = "water_level"
    district: Id = "riverside"
    site: Id = "load"

    def __post_init__(self) -> None:
        """Refuse what cannot be sent.

        Raises:
            ScenarioError: a count or rate below 1, or a profile without a number.
        """
        if self.devices < 1 or self.pack < 1 or self.rate <= 0.0 or self.pack > self.devices:
            raise ScenarioError(
                f"load of {self.devices} devices, {self.pack} a message, {self.rate:g} messages a "
                "second: expected at least one of each, and no pack above the devices"
            )
        self.device_profile()

    def device_profile(self) -> DeviceProfile:
        """Return the devices' profile.

        Raises:
            ScenarioError: there is none of that name, or it has no number.
        """
        found = PROFILES.get(self.profile)
        if found is None or not any(field.kind == "number" for field in found.fields):
            known = ", ".join(
                name
                for name, one in PROFILES.items()
                if any(field.kind == "number" for field in one.fields)
            )
            raise ScenarioError(f"profile {self.profile!r} has no number; expected one of {known}")
        return found

    @property
    def boxes(self) -> int:
        """How many boxes speak."""
        return -(-self.devices // _PER_BOX)

    def box_of(self, number: int) -> str:
        """Return the box that sends message ``number``, from 0."""
        return f"load-{number * self.pack % self.devices // _PER_BOX:05}"

    def message(self, number: int, seq: int, start: datetime, at: datetime) -> LoadMessage:
        """Return message ``number``, from 0.

        Args:
            number: which one.
            seq: how many its box sent before.
            start: when the load began, aware; part of the message ids, so that two loads differ.
            at: moment of its readings.
        """
        profile = self.device_profile()
        field = next(field for field in profile.fields if field.kind == "number")
        first = number * self.pack % self.devices
        box = self.box_of(number)
        low = 0.0 if field.minimum is None else max(field.minimum, 0.0)
        # a calm value that changes a little, as a real sensor's last digit does
        value = round(low + 0.01 + 0.001 * (number % 7), 3)
        records = tuple(
            Record(
                bn=f"load-{(first + index) % self.devices:06}/",
                profile=profile.name,
                n=field.name,
                u=field.unit,
                v=value,
            )
            for index in range(self.pack)
        )
        boot = f"{int(start.timestamp() * 1e6):016x}"
        message = Readings(
            id=f"{box}/{boot}/{Channel.READINGS.value}/{seq}",
            box=box,
            boot_id=boot,
            channel=Channel.READINGS,
            seq=seq,
            at=at,
            sent_at=at,
            records=records,
        )
        topic = box_topic(self.district, self.site, box, Kind.READINGS)
        return LoadMessage(topic=topic, payload=encode(message), due_s=number / self.rate)

    def sizes(self) -> dict[str, float]:
        """Return the plan's own figures for the report."""
        return {
            name: value
            for name, value in msgspec.to_builtins(self).items()
            if isinstance(value, int | float)
        } | {"boxes": self.boxes, "readings_per_s": self.rate * self.pack}
