"""Where an event is that no sample brought about."""

from pathlib import Path

import msgspec

from contracts.envelope import Place
from tests.unit.gateway.city import PACK, START, City, birth, reading

ABSENCE = PACK.replace(
    "  key: [subject]\n  ladder:\n  - {level: blue",
    "  key: [subject]\n  absence: {after: 30s, level: yellow}\n  ladder:\n  - {level: blue",
    1,
)
PLACE = Place(lon=114.0, lat=30.5)


def test_the_event_of_a_silent_sensor_is_where_the_sensor_last_was(tmp_path: Path) -> None:
    """The silence has no sample; the registry knows the place."""
    city = City(tmp_path, pack=ABSENCE)
    (subject,) = birth(START).subjects
    placed = msgspec.structs.replace(subject, place=PLACE)
    city.send(msgspec.structs.replace(birth(START), subjects=(placed,)), retain=True)
    city.send(reading(0, city.clock.now(), 0.0))
    city.step()

    city.run(32)

    assert [(event.place, event.event_type) for event in city.api.events] == [
        (PLACE, "device.offline")
    ]
