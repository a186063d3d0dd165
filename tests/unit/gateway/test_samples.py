"""From messages to samples and telemetry points."""

from datetime import timedelta

import pytest

from contracts.counts import Counts, LineCount, ZoneCount
from contracts.envelope import Channel, Place
from contracts.observation import Observation, ObservationKind, Phase
from contracts.readings import Readings, Record, resolve_pack
from contracts.status import BoxState, Status, SubjectBirth
from contracts.topics import BoxTopic, Kind
from contracts.tracks import Tracks, TrackState
from gateway.registry import Registry
from gateway.samples import CLOCK_SKEW, LATE, Batch, SampleMaker
from tests.unit.gateway.city import BOOT, BOX, DISTRICT, SITE, START

NOW_S = START.timestamp()
WHERE = BoxTopic(DISTRICT, SITE, BOX, Kind.READINGS)
EVERYWHERE = {"box": BOX, "site": SITE, "district": DISTRICT}


@pytest.fixture
def maker() -> SampleMaker:
    """Return a maker that knows nothing of any subject."""
    return SampleMaker(Registry(), skew_s=300.0, late_s=600.0)


def _readings(*records: Record, at: float = 0.0) -> Readings:
    return Readings(
        id="m",
        box=BOX,
        boot_id=BOOT,
        channel=Channel.READINGS,
        seq=3,
        at=START + timedelta(seconds=at),
        records=records,
    )


def _make(maker: SampleMaker, message: Readings) -> Batch:
    return maker.make(message, resolve_pack(message), WHERE, NOW_S, 17)


@pytest.mark.parametrize(
    ("profile", "record", "field", "value"),
    [
        ("water_level", Record(n="depth_m", u="cm", v=30.0), "depth_m", 0.3),
        ("water_level", Record(n="depth_m", u="mm", v=300.0), "depth_m", 0.3),
        ("water_level", Record(n="depth_m", v=0.3), "depth_m", 0.3),
        ("bin_fill", Record(n="fill_ratio", u="%", v=90.0), "fill_ratio", 0.9),
        ("fire_water", Record(n="pressure_kpa", u="MPa", v=0.4), "pressure_kpa", 400.0),
        ("air", Record(n="temperature_cel", u="K", v=300.15), "temperature_cel", 27.0),
        ("manhole", Record(n="cover_open", vb=True), "cover_open", True),
        ("manhole", Record(n="cover_open", v=1.0), "cover_open", True),
        ("noise", Record(n="source", vs="construction"), "source", "construction"),
    ],
)
def test_values_reach_rules_and_telemetry_in_the_profiles_unit(
    maker: SampleMaker, profile: str, record: Record, field: str, value: object
) -> None:
    """Whatever unit a sensor sends, a rule sees the base unit of the device profile."""
    batch = _make(maker, _readings(Record(bn="s-1/", profile=profile), record))

    ((sample, flags),) = batch.samples
    assert sample.fields[field] == pytest.approx(value)
    assert batch.points[0].value == sample.fields[field]
    assert flags == ()


@pytest.mark.parametrize(
    ("record", "counter"),
    [
        (Record(n="depth_m", v=-0.2), "out_of_range"),
        (Record(n="depth_m", v=7.5), "out_of_range"),
        (Record(n="depth_m", u="Cel", v=1.0), "wrong_unit"),
        (Record(n="depth_m", vs="deep"), "wrong_type"),
        (Record(n="depth_m", vb=True), "wrong_type"),
        (Record(n="colour", vs="brown"), "unknown_field"),
    ],
)
def test_value_the_profile_does_not_allow_is_withheld_from_rules(
    maker: SampleMaker, record: Record, counter: str
) -> None:
    """Telemetry keeps what the sensor said, rules treat it as unknown, and it is counted."""
    batch = _make(maker, _readings(Record(bn="s-1/", profile="water_level"), record))

    ((sample, _),) = batch.samples
    assert sample.fields == {}
    assert len(batch.points) == 1
    assert maker.counters[counter] == 1


def test_unknown_profile_is_counted_and_kept_in_telemetry(maker: SampleMaker) -> None:
    """A device nobody has a profile for is not lost from sight."""
    batch = _make(maker, _readings(Record(bn="s-1/", profile="tricorder", n="life", v=1.0)))

    assert batch.samples == []
    assert len(batch.points) == 1
    assert maker.counters["unknown_profile"] == 1


def test_birth_gives_profile_and_place_to_readings_without_them() -> None:
    """A reading need not repeat what its box's birth said."""
    registry, place = Registry(), Place(lon=114.0, lat=22.5)
    registry.learn(
        Status(
            id="s",
            box=BOX,
            boot_id=BOOT,
            channel=Channel.STATUS,
            seq=0,
            at=START,
            state=BoxState.BIRTH,
            subjects=(SubjectBirth(subject="s-1", profile="water_level", place=place),),
        ),
        WHERE,
        NOW_S,
    )
    maker = SampleMaker(registry, skew_s=300.0, late_s=600.0)

    ((sample, _),) = _make(maker, _readings(Record(n="s-1/depth_m", v=0.4))).samples
    assert sample.profile == "water_level"
    assert sample.place == place


@pytest.mark.parametrize(
    ("offset_s", "expected_s", "flags"),
    [
        (0.0, 0.0, ()),
        (300.0, 300.0, ()),
        (300.001, 0.0, (CLOCK_SKEW,)),
        (7200.0, 0.0, (CLOCK_SKEW,)),
        (-600.0, -600.0, ()),
        (-7200.0, -7200.0, (LATE,)),
    ],
    ids=["now", "within skew", "beyond skew", "two hours ahead", "within late", "two hours behind"],
)
def test_wrong_clock_is_clamped_or_flagged(
    maker: SampleMaker, offset_s: float, expected_s: float, flags: tuple[str, ...]
) -> None:
    """A time ahead of its arrival becomes the arrival; an old one is taken as it is, flagged."""
    record = Record(bn="s-1/", profile="water_level", n="depth_m", v=0.4)
    batch = _make(maker, _readings(record, at=offset_s))

    ((sample, found),) = batch.samples
    assert sample.at == pytest.approx(NOW_S + expected_s)
    assert found == flags
    assert maker.skewed[BOX] == (flags == (CLOCK_SKEW,))


def test_pack_becomes_one_sample_per_subject_and_moment(maker: SampleMaker) -> None:
    """Records of one subject and moment belong together; others do not."""
    message = _readings(
        Record(bn="a/", bt=-10.0, profile="manhole", n="tilt_deg", v=2.0),
        Record(n="cover_open", vb=False),
        Record(n="tilt_deg", v=3.0, t=5.0),
        Record(bn="b/", n="tilt_deg", v=1.0),
    )
    samples = [sample for sample, _ in _make(maker, message).samples]

    assert [(s.subject, s.at - NOW_S, s.fields) for s in samples] == [
        ("a", -10.0, {"tilt_deg": 2.0, "cover_open": False}),
        ("a", -5.0, {"tilt_deg": 3.0}),
        ("b", -10.0, {"tilt_deg": 1.0}),
    ]
    assert samples[0].keys == {"subject": "a", **EVERYWHERE}
    assert samples[0].message == f"{BOX}/{BOOT}/readings/3"
    assert samples[0].offset == 17


def test_track_becomes_one_sample_per_zone_it_dwells_in(maker: SampleMaker) -> None:
    """A track in two zones is judged in both; one in none is judged without zone."""
    message = Tracks(
        id="m",
        box=BOX,
        boot_id=BOOT,
        channel=Channel.TRACKS,
        seq=0,
        at=START,
        camera="c-1",
        zone_kinds={"z-1": "no_parking"},
        tracks=(
            TrackState(
                track=7,
                label="car",
                confidence=0.9,
                box_xyxy=(0.1, 0.1, 0.2, 0.2),
                foot=(0.15, 0.2),
                dwell_s={"z-1": 12.0, "z-2": 3.0},
                speed_m_s=0.1,
            ),
            TrackState(
                track=8,
                label="person",
                confidence=0.5,
                box_xyxy=(0.1, 0.1, 0.2, 0.2),
                foot=(0.15, 0.2),
            ),
        ),
    )
    samples = [s for s, _ in maker.make(message, (), WHERE, NOW_S, 1).samples]

    common = {"subject": "c-1", "camera": "c-1", **EVERYWHERE}
    assert [s.keys for s in samples] == [
        {**common, "track": "7", "class": "car", "zone": "z-1", "zone_kind": "no_parking"},
        {**common, "track": "7", "class": "car", "zone": "z-2", "zone_kind": "zone"},
        {**common, "track": "8", "class": "person"},
    ]
    assert samples[0].fields == {
        "confidence": 0.9,
        "label": "car",
        "speed_m_s": 0.1,
        "dwell_s": 12.0,
    }


def test_counts_become_one_sample_per_zone_and_line(maker: SampleMaker) -> None:
    """Zones and lines are judged apart."""
    message = Counts(
        id="m",
        box=BOX,
        boot_id=BOOT,
        channel=Channel.COUNTS,
        seq=0,
        at=START,
        camera="c-1",
        window_s=5.0,
        zones=(ZoneCount(zone="z-1", zone_kind="square", people=40, area_m2=20.0, speed_m_s=1.25),),
        lines=(LineCount(line="l-1", forward=3, backward=1),),
    )
    zone, line = (s for s, _ in maker.make(message, (), WHERE, NOW_S, 1).samples)

    assert (zone.keys["zone"], zone.keys["zone_kind"]) == ("z-1", "square")
    assert (zone.fields["people"], zone.fields["area_m2"]) == (40.0, 20.0)
    assert zone.fields["speed_m_s"] == 1.25
    assert line.keys["line"] == "l-1"
    assert line.fields == {"forward": 3.0, "backward": 1.0, "window_s": 5.0}


def test_observation_that_ends_says_so(maker: SampleMaker) -> None:
    """The end phase ends the subject for the rules."""
    message = Observation(
        id="m",
        box=BOX,
        boot_id=BOOT,
        channel=Channel.OBSERVATIONS,
        seq=0,
        at=START,
        observation_id="o-1",
        rev=2,
        phase=Phase.END,
        kind=ObservationKind.LINE_CROSSING,
        camera="c-1",
        started_at=START,
        line="l-1",
        direction="forward",
        track=4,
        label="car",
    )
    ((sample, _),) = maker.make(message, (), WHERE, NOW_S, 1).samples

    assert sample.ended
    assert sample.keys == {
        "subject": "c-1",
        "camera": "c-1",
        **EVERYWHERE,
        "observation": "o-1",
        "kind": "line_crossing",
        "line": "l-1",
        "direction": "forward",
        "track": "4",
        "class": "car",
    }
