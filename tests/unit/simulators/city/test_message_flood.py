"""A device that floods its box with messages."""

from datetime import UTC, datetime

from contracts.readings import Readings
from runtime.outbox import Letter, Stamp
from simulators.city.city import Fault, SensorGroup
from simulators.city.city_document import load_city
from simulators.city.city_letters import Sample
from simulators.city.message_flood import flooding_letters

START = datetime(2026, 6, 1, tzinfo=UTC)
GROUP: SensorGroup = load_city("sensor-fault-month", 1).group("level")
FLOOD = Fault(
    kind="flood",
    group="level",
    index=1,
    subject="level-002",
    box="sim-0001",
    start_s=100.0,
    end_s=200.0,
    size=4.0,
)


def _sample(index: int, at_s: float) -> Sample:
    return (GROUP, index, at_s, {"depth_m": 0.02})


def _read(letter: Letter) -> Readings:
    stamp = Stamp("01", "sim-0001", "b1", letter.channel, 1)
    read = letter.compose(stamp)
    assert isinstance(read, Readings)
    return read


def test_each_reading_of_the_device_is_followed_by_messages_of_their_own() -> None:
    """Four messages before the next reading is due, each with the value of the one that they follow."""
    letters = flooding_letters([_sample(1, 100.0)], FLOOD, START)
    said = [_read(letter) for letter in letters]

    assert [(one.at - START).total_seconds() for one in said] == [101.0, 102.0, 103.0, 104.0]
    assert [[record.v for record in one.records] for one in said] == [[0.02]] * 4


def test_other_devices_and_times_are_left_alone() -> None:
    """A neighbour does not flood, and the device itself only while the fault lasts."""
    calm = [_sample(0, 150.0), _sample(1, 99.0), _sample(1, 200.0)]

    assert flooding_letters(calm, FLOOD, START) == []
