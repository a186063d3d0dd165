"""The short way of readings: the same as the ordinary one, only sooner."""

import math
from collections.abc import Sequence
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.envelope import Channel, Place
from contracts.quality import QualityFlag
from contracts.readings import Readings, Record, moment, resolve_pack
from contracts.status import BoxState, Status, SubjectBirth
from contracts.topics import BoxTopic, Kind
from gateway.ports import Point
from gateway.reading_path import ReadingPath, Statements
from gateway.registry import Registry
from gateway.rule_packs import PackSource, compile_packs
from gateway.samples import SampleMaker, Source
from rules.engine import Engine
from rules.quality.inspector import Inspector
from rules.rule import RulePack
from tests.unit.gateway.city import BOOT, DISTRICT, GATES, PACK, SITE, START

WARM = """
- id: warm
  event: {type: air.warm}
  watch: {profile: air}
  key: [subject]
  ladder:
  - {level: red, when: temperature_cel >= 30 Cel, clear: temperature_cel < 28 Cel, for: 20s}
- id: smooth
  event: {type: device.data_quality}
  watch: {profile: air}
  key: [subject]
  quality: {range: profile, late: {max: 1m}, median: 3}
- id: foul
  event: {type: air.foul}
  watch: {profile: air}
  key: [box, subject]
  ladder:
  - {level: red, when: pm25_ug_m3 >= 100, clear: pm25_ug_m3 < 80}
"""
START_S = START.timestamp()


@cache
def _packs() -> list[RulePack]:
    return compile_packs([PackSource("pack.yaml", PACK + GATES + WARM)])


class _Gateway:
    """Everything between a decoded message and what rules say of it."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.maker = SampleMaker(self.registry, skew_s=300.0, late_s=60.0)
        packs = _packs()
        self.engine = Engine(packs)
        self.inspector = Inspector([gates for pack in packs for gates in pack.quality])
        self.path = ReadingPath(self.maker, self.registry)

    def take(self, message: Readings, lag_s: float) -> tuple[Statements, list[Point]]:
        """Take one message that is under way for ``lag_s``."""
        source = Source(
            message,
            BoxTopic(DISTRICT, SITE, message.box, Kind.READINGS),
            message.at.timestamp() + lag_s,
            message.seq,
        )
        return self.path.take(self.engine, self.inspector, resolve_pack(message), source)

    def state(self) -> tuple[object, ...]:
        """Return everything that has to be equal in the end."""
        return (
            self.engine.digest(),
            self.inspector.digest(),
            self.engine.counters,
            self.inspector.checked,
            +self.maker.counters,
            self.registry.take_dirty(),
            self.engine.take_dirty(),
            self.inspector.take_dirty(),
        )


_FIELDS = ("depth_m", "temperature_cel", "pm25_ug_m3", "nonsense")
_records = st.builds(
    Record,
    bn=st.sampled_from(["a/", "a/", "b/", "c/"]),
    profile=st.sampled_from(["water_level", "water_level", "air", None, "unheard-of"]),
    n=st.sampled_from(_FIELDS),
    u=st.sampled_from([None, None, None, "cm", "m"]),
    v=st.sampled_from([0.0, 0.1, 0.1, 0.11, 0.3, 0.45, 7.0, 29.0, 31.0, 99.0, 120.0])
    | st.floats(0.0, 0.5),
    t=st.sampled_from([None, None, None, None, -10.0, 5.0]),
)
_steps = st.lists(
    st.tuples(
        st.lists(_records, min_size=1, max_size=4),
        st.sampled_from(["box-1", "box-1", "box-1", "box-2"]),
        st.sampled_from([10.0, 10.0, 10.0, 0.0, 40.0, -30.0]),
        st.sampled_from([0.0, 1.0, 1.0, 90.0, -400.0]),
        st.sampled_from(["", "", "", "", "", "birth", "tick"]),
    ),
    max_size=40,
)


def _message(seq: int, box: str, at_s: float, records: Sequence[Record]) -> Readings:
    return Readings(
        id="m",
        box=box,
        boot_id=BOOT,
        channel=Channel.READINGS,
        seq=seq,
        at=moment(at_s),
        records=tuple(records),
    )


def _birth(gateway: _Gateway, box: str, at_s: float) -> None:
    birth = SubjectBirth(subject="a", profile="water_level", place=Place(lon=113.9, lat=22.5))
    status = Status(
        id="s",
        box=box,
        boot_id=BOOT,
        channel=Channel.STATUS,
        seq=0,
        at=moment(at_s),
        state=BoxState.BIRTH,
        subjects=(birth,),
    )
    gateway.registry.learn(status, BoxTopic(DISTRICT, SITE, box, Kind.STATUS), at_s)


@settings(deadline=None, max_examples=100)
@given(steps=_steps)
def test_the_short_way_equals_the_ordinary_one(
    steps: list[tuple[list[Record], str, float, float, str]],
) -> None:
    """Statements, points, counters and state: whatever devices and boxes do."""
    short, ordinary = _Gateway(), _Gateway()
    at_s = START_S
    for seq, (records, box, pause_s, lag_s, event) in enumerate(steps):
        at_s += pause_s
        message = _message(seq, box, at_s, records)
        for gateway in (short, ordinary):
            if event == "birth":
                _birth(gateway, box, at_s)
            elif event == "tick":
                gateway.engine.tick(at_s)
        ordinary.path.forget()

        assert repr(short.take(message, lag_s)) == repr(ordinary.take(message, lag_s))
    assert short.state() == ordinary.state()


def test_a_sensor_as_ever_is_no_matter_for_the_rules() -> None:
    """After its first reading no sample is made of a sensor that reports as ever."""
    gateway = _Gateway()
    for turn in range(50):
        depth_m = 0.05 + 0.01 * math.sin(turn)
        record = Record(bn="a/", profile="water_level", n="depth_m", v=depth_m)
        gateway.take(_message(turn, "box-1", START_S + turn * 10.0, [record]), 1.0)

    assert gateway.path.noted == 49
    assert gateway.maker.counters["samples"] == 50


def test_what_a_box_doubts_is_kept_beside_the_value() -> None:
    """A flag of the box's own gate becomes a mark in telemetry, and takes the ordinary way."""
    gateway = _Gateway()
    for seq in range(3):
        gateway.take(_message(seq, "box-1", START_S + seq * 10.0, [_level(0.1)]), 1.0)
    noted = gateway.path.noted
    doubted = replace(_level(0.1), q=QualityFlag.FAIL)
    _, points = gateway.take(_message(3, "box-1", START_S + 30.0, [doubted]), 1.0)

    assert [point.value for point in points if point.metric == "depth_m#flag"] == ["fail:box"]
    assert gateway.path.noted == noted


def _level(depth_m: float) -> Record:
    return Record(bn="a/", profile="water_level", n="depth_m", v=depth_m)
