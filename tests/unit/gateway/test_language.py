"""Signals, tables of places, areas and actions through a whole gateway: live, killed, and replayed."""

from datetime import datetime
from pathlib import Path
from random import Random

import msgspec
import pytest

from contracts.envelope import Channel, Place
from contracts.readings import Readings, Record
from contracts.status import SubjectBirth
from gateway.dedupe import Dedupe
from gateway.rule_host import RuleHost
from runtime.journal import read_journal
from tests.unit.gateway.city import BOOT, BOX, DISTRICT, City, birth

PACK = """
places:
  catchments:
    key: catchment
    columns: {deep: cm}
    csv: |
      catchment,lon,lat,deep
      north,121.4700,31.2300,15
      south,121.4700,31.2000,15
areas:
  underpass: {shapes: {one: [[121.469, 31.229], [121.471, 31.229], [121.471, 31.231], [121.469, 31.231]]}}
rules:
- id: flash
  event: {type: flood.flash, dedupe: [catchment]}
  key: [catchment]
  for_each: catchments
  signals:
    rain: {profile: rain_gauge, of: rain_mm_h, near: 1500m, take: max, fresh: 15m}
    depth: {profile: water_level, of: depth_m, near: 500m, take: max, fresh: 5m}
  ladder:
  - {level: yellow, when: rain >= 16.0 && depth >= deep, clear: depth < deep - 3 cm, for: 20s}
  - {level: red, when: {at_least: 2, of: [rain >= 30.0, depth >= 40 cm]}, clear: depth < 35 cm}
  let: {usual: {ratio: depth, to: {median: depth, over: 1h}}}
  actions:
  - {at: red, command: sign.show, device: sign-1, clear: {command: sign.clear}}
- id: underpass
  event: {type: water.underpass}
  watch: {profile: water_level}
  key: [subject]
  where: {inside: {areas: underpass}}
  ladder: [{level: blue, when: depth_m > 10 cm, clear: depth_m < 5 cm}]
"""
PLACES = {
    "gauge": Place(lon=121.475, lat=31.232),
    "in": Place(lon=121.470, lat=31.230),
    "out": Place(lon=121.4715, lat=31.230),
}


def said(seq: int, at: datetime, subject: str, value: float) -> Readings:
    """Return one reading of a rain gauge or a level sensor."""
    wet = subject == "gauge"
    profile, field, unit = (
        ("rain_gauge", "rain_mm_h", "mm/h") if wet else ("water_level", "depth_m", "m")
    )
    return Readings(
        id=f"{BOX}/{BOOT}/readings/{seq}",
        box=BOX,
        boot_id=BOOT,
        channel=Channel.READINGS,
        seq=seq,
        at=at,
        sent_at=at,
        records=(Record(bn=f"{subject}/", profile=profile, n=field, u=unit, v=value),),
    )


def begun(folder: Path) -> City:
    """Return a city whose box has said where its sensors stand."""
    city = City(folder, pack=PACK)
    subjects = tuple(
        SubjectBirth(
            subject=name,
            profile="rain_gauge" if name == "gauge" else "water_level",
            place=place,
        )
        for name, place in PLACES.items()
    )
    city.send(msgspec.structs.replace(birth(city.clock.now()), subjects=subjects))
    city.step(1.0)
    return city


def test_rain_and_water_near_a_place_make_one_event_of_it(tmp_path: Path) -> None:
    """The catchment near both sensors has the event; only the sensor in the area has the other one."""
    city = begun(tmp_path)
    for seq, (subject, value) in enumerate(
        [("gauge", 20.0), ("in", 0.2), ("out", 0.25), ("gauge", 21.0), ("in", 0.2)]
    ):
        city.send(said(seq, city.clock.now(), subject, value))
        city.run(10)
    city.run(30)

    found = {(event.rule, tuple(event.key.values())) for event in city.api.events}

    assert found == {("flash", ("north",)), ("underpass", ("in",))}
    (flash,) = (event for event in city.api.events if event.rule == "flash")
    assert flash.cause.values == {"rain": 20.0, "depth": 0.25, "deep": 0.15}
    assert flash.district == DISTRICT


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_gateway_and_a_replay_say_the_same(tmp_path: Path, seed: int) -> None:
    """The journal leads to the same events and state, however often the gateway was killed."""
    rng = Random(seed)
    city = begun(tmp_path)
    for seq in range(150):
        subject = rng.choice(("gauge", "in", "out"))
        value = rng.choice((0.0, 20.0, 35.0)) if subject == "gauge" else rng.choice((0.0, 0.2, 0.5))
        city.send(said(seq, city.clock.now(), subject, value))
        city.run(rng.choice((1, 5, 20)))
        if rng.random() < 0.05:
            city.restart()
    city.run(2)
    replayed = RuleHost(Dedupe(gap_after_s=600.0), default_district=DISTRICT)
    events = [
        event
        for record in read_journal(tmp_path / "state" / "journal")
        for event in replayed.apply(record).events
    ]

    assert {(e.event_id, e.rev) for e in events} == {(e.event_id, e.rev) for e in city.api.events}
    assert {event.rule for event in events} == {"flash", "underpass"}
    assert replayed.digest() == city.gateway.host.digest()
