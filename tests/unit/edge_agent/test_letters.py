"""Messages of the box: packs, lanes and stamps."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import decode_box_message, encode
from contracts.envelope import Channel
from contracts.observation import ObservationKind, Phase
from contracts.quality import QualityFlag
from contracts.readings import Readings, Value, resolve_pack
from contracts.topics import Kind
from edge.letters import observation_letter, reading_letters
from edge.sensors.ports import SensorReading
from runtime.outbox import Letter, Stamp

AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def composed(letter: Letter) -> Readings:
    """Return a letter's message after a trip over the wire."""
    stamp = Stamp("b/0/x/0", "b-1", "0123456789abcdef", letter.channel, 0)
    message = decode_box_message(encode(letter.compose(stamp)))
    assert isinstance(message, Readings)
    return message


def water(subject: str, seconds: float, depth_m: float = 0.1) -> SensorReading:
    """Return a reading of a water gauge."""
    return SensorReading(
        subject, "water_level", AT + timedelta(seconds=seconds), {"depth_m": depth_m}
    )


def test_a_pack_resolves_to_what_was_measured() -> None:
    """Subjects, moments, profiles, units and values survive the SenML pack."""
    readings = [
        water("w-1", 0.0),
        water("w-1", 10.0, 0.2),
        SensorReading("n-1", "noise", AT, {"dba": 61.5, "source": "construction"}),
        SensorReading("b-1", "manhole", AT, {"cover_open": True, "tilt_deg": 2.0}),
        SensorReading("w-2", "water_level", AT, {"depth_m": 12.0}, {"depth_m": "cm"}),
    ]
    (letter,) = reading_letters(readings, 100)
    message = composed(letter)
    resolved = resolve_pack(message)

    assert message.at == AT + timedelta(seconds=10.0)
    assert [(r.subject, r.profile, r.at.timestamp(), r.values) for r in readings] == [
        (r.subject, r.profile, r.at, r.values) for r in resolved
    ]
    assert [reading.units for reading in resolved[:2]] == [{"depth_m": "m"}] * 2
    assert resolved[2].units == {"dba": "dBA"}
    assert resolved[4].units == {"depth_m": "cm"}


def test_what_the_box_doubts_travels_with_the_value() -> None:
    """A flag of the box's own gate goes with its field alone, and the value as it was measured."""
    flags = {"tilt_deg": QualityFlag.FAIL}
    doubted = SensorReading(
        "b-1", "manhole", AT, {"cover_open": True, "tilt_deg": 200.0}, {}, flags
    )
    (letter,) = reading_letters([water("w-1", 0.0), doubted], 100)
    plain, resolved = resolve_pack(composed(letter))

    assert plain.flags == {}
    assert resolved.flags == flags
    assert resolved.values == doubted.values


def test_packs_hold_at_most_so_many_readings() -> None:
    """A long batch becomes several messages, in order."""
    letters = reading_letters([water(f"w-{n}", 0.0) for n in range(5)], 2)

    assert [
        [reading.subject for reading in resolve_pack(composed(letter))] for letter in letters
    ] == [["w-0", "w-1"], ["w-2", "w-3"], ["w-4"]]


def test_priority_0_profiles_go_down_the_urgent_lane() -> None:
    """A pressed alarm button does not wait behind water levels."""
    alarm = SensorReading("a-1", "alarm_button", AT, {"pressed": True})
    letters = reading_letters([water("w-1", 0.0), alarm], 100)

    assert [(letter.channel, letter.kind) for letter in letters] == [
        (Channel.READINGS, Kind.READINGS),
        (Channel.URGENT, Kind.URGENT),
    ]


@pytest.mark.parametrize(
    ("kind", "channel"),
    [
        (ObservationKind.LINE_CROSSING, Channel.OBSERVATIONS),
        (ObservationKind.WRONG_WAY, Channel.URGENT),
    ],
    ids=["crossing", "wrong way"],
)
def test_urgent_observations_have_their_own_lane(kind: ObservationKind, channel: Channel) -> None:
    """Kinds of priority 0 travel apart."""
    facts = {
        "observation_id": "o", "rev": 0, "phase": Phase.START, "camera": "c-1", "started_at": AT,
    }  # fmt: skip

    assert channel == observation_letter(kind, AT, facts).channel


_VALUES = st.one_of(st.floats(-1e6, 1e6), st.booleans(), st.text(max_size=8))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["w-1", "w-2", "w-3"]),
            st.integers(0, 5000),
            st.dictionaries(st.sampled_from(["a", "b", "c"]), _VALUES, min_size=1),
        ),
        min_size=1,
        max_size=20,
        unique_by=lambda row: (row[0], row[1]),
    )
)
def test_any_readings_survive_the_pack(rows: list[tuple[str, int, dict[str, Value]]]) -> None:
    """Whatever is packed comes out again, with its moment to the microsecond."""
    readings = [
        SensorReading(subject, "dust", AT + timedelta(seconds=seconds), values)
        for subject, seconds, values in rows
    ]
    resolved = [
        reading
        for letter in reading_letters(readings, 7)
        for reading in resolve_pack(composed(letter))
    ]

    assert [(r.subject, r.values) for r in readings] == [(r.subject, r.values) for r in resolved]
    assert [r.at.timestamp() for r in readings] == pytest.approx([r.at for r in resolved], abs=1e-6)
