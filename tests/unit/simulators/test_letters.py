"""The messages of a simulated box."""

from datetime import UTC, datetime, timedelta

from contracts.codec import MAX_PAYLOAD_BYTES, decode_box_message, encode
from contracts.envelope import Channel
from contracts.profiles import PROFILES
from contracts.readings import Readings, SubjectReading, resolve_pack
from contracts.status import BoxState
from contracts.topics import Kind
from contracts.units import same_dimension
from runtime.outbox import Letter, Stamp
from simulators.letters import MAX_BIRTH_SUBJECTS, box_status, reading_letter
from simulators.scenario import build_scenario

START = datetime(2026, 7, 20, 14, 0, tzinfo=UTC)
BOOT = "00f1e2d3c4b5a697"
SCENARIO = build_scenario("rainstorm", 1)


def composed(letter: Letter) -> Readings:
    """Return a letter's message after a trip over the wire."""
    stamp = Stamp(f"sim-1/{BOOT}/{letter.channel}/7", "sim-1", BOOT, letter.channel, 7)
    message = decode_box_message(encode(letter.compose(stamp)))
    assert isinstance(message, Readings)
    return message


def test_a_reading_says_what_the_sensor_measured() -> None:
    """Resolved from the pack, every subject's values, moment and profile are those of the scenario."""
    for subject in SCENARIO.subjects:
        message = composed(reading_letter(SCENARIO, subject, 20, START))
        (reading,) = resolve_pack(message)
        at = START + timedelta(seconds=SCENARIO.elapsed_s(subject, 20))

        assert isinstance(reading, SubjectReading)
        assert (subject.subject, subject.profile) == (reading.subject, reading.profile)
        assert SCENARIO.measure(subject, 20) == reading.values
        assert message.at == at
        assert reading.at == at.timestamp()


def test_units_are_the_profiles() -> None:
    """Numbers carry the unit of their profile's field; flags and texts carry none."""
    for subject in SCENARIO.subjects:
        (reading,) = resolve_pack(composed(reading_letter(SCENARIO, subject, 3, START)))
        for field in PROFILES[subject.profile].fields:
            if field.unit is None:
                assert field.name not in reading.units
            else:
                assert same_dimension(field.unit, reading.units[field.name])


def test_only_the_alarm_button_is_urgent() -> None:
    """Priority 0 travels in the urgent lane, all else does not."""
    lanes = {
        subject.profile: reading_letter(SCENARIO, subject, 0, START)[:2]
        for subject in SCENARIO.subjects
    }

    assert lanes.pop("alarm_button") == (Channel.URGENT, Kind.URGENT)
    assert set(lanes.values()) == {(Channel.READINGS, Kind.READINGS)}


def test_a_birth_of_a_huge_fleet_fits_a_payload() -> None:
    """However many sensors there are, the status stays below the payload limit."""
    many = build_scenario("rainstorm", 1, copies=200)
    birth = box_status("sim-1", BOOT, 1, START, BoxState.BIRTH, version="0", subjects=many.subjects)

    assert len(birth.subjects) == MAX_BIRTH_SUBJECTS
    assert len(encode(birth)) < MAX_PAYLOAD_BYTES
