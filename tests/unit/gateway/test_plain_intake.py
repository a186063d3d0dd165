"""The short way in: what it admits the ordinary way admits too, and it takes no note of anything else."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codec import MAX_PAYLOAD_BYTES, encode
from contracts.readings import Readings, SubjectReading
from contracts.registry import BoxEntry, Lifecycle, RegistryUpdate, UnknownDevices
from contracts.topics import BoxTopic, Kind, parse_topic
from gateway.dedupe import IN_ORDER, Dedupe
from gateway.intake import Admission, Intake
from gateway.prepared import Prepared
from gateway.registry import Registry
from tests.unit.gateway.city import BOX, DISTRICT, SITE, START, reading, topic

NOW_S = START.timestamp()
_PLACE = parse_topic(topic())


def _changed(seq: int, **fields: object) -> bytes:
    document = msgspec.json.decode(encode(reading(seq, START)))
    document.update(fields)
    return msgspec.json.encode(document)


_VARIANTS: dict[str, dict[str, object]] = {
    "plain": {},
    "resent": {"resent": True},
    "another boot": {"boot_id": "00000000000000bb"},
    "no boot": {"boot_id": "such a boot"},
    "another box": {"box": "box-2"},
    "no box": {"box": "Box One"},
    "urgent": {"channel": "urgent"},
    "no records": {"records": []},
    "no value": {"records": [{"bn": "a/", "n": "x"}]},
    "no subject": {"records": [{"bn": "A B/", "n": "x", "v": 1.0}]},
    "no moment": {"at": "today"},
    "another type": {"type": "counts.v1"},
    "too large": {"padding": "x" * MAX_PAYLOAD_BYTES},
}


def _intake(registry: Registry | None) -> Intake:
    return Intake(Dedupe(in_order=IN_ORDER), frozenset({DISTRICT}), None, registry)


def _stands(intake: Intake) -> tuple[object, ...]:
    """Return everything that admission takes note of."""
    return (
        intake._dedupe.take_dirty(),
        dict(intake.touched),
        set(intake.refused),
        intake.counters,
        intake.rejected,
        intake.duplicates,
    )


@given(
    st.lists(
        st.tuples(
            st.integers(0, 6),
            st.sampled_from([*["plain"] * len(_VARIANTS), *_VARIANTS]),
            st.booleans(),
        ),
        max_size=20,
    )
)
@settings(max_examples=100, deadline=None)
def test_asking_it_first_changes_nothing(messages: list[tuple[int, str, bool]]) -> None:
    """In order or not, twice, of other boots and boxes, or wrong in any way."""
    both, plain = _intake(None), _intake(None)
    assert isinstance(_PLACE, BoxTopic)
    both.plain.learn(topic(), _PLACE)
    for seq, variant, forget in messages:
        payload = _changed(seq, **_VARIANTS[variant])
        known = both.plain.admit(topic(), payload)
        if known is None:
            found = both.admit(topic(), payload, NOW_S)
        expected = plain.admit(topic(), payload, NOW_S)
        if known is not None:
            assert isinstance(expected, Admission)
            assert isinstance(expected.message, Readings)
            assert isinstance(known.message, Readings)
            assert encode(expected.message) == encode(known.message)
            assert (expected.place, _listed(expected)) == (known.place, _listed(known))
        elif isinstance(expected, Admission) and isinstance(found, Admission):
            assert expected._replace(resolved=None) == found._replace(resolved=None)
            assert _listed(expected) == _listed(found)
        else:
            assert expected == found
        if forget:
            both.touched.clear()
            plain.touched.clear()

    assert _stands(both) == _stands(plain)


def _listed(admission: Admission | Prepared) -> list[SubjectReading]:
    """Return the readings, however the pack keeps them."""
    return list(admission.resolved or ())


def test_the_next_reading_takes_the_short_way() -> None:
    """The first of a stream does not: nobody has looked at the names of its boot yet."""
    intake = _intake(None)
    assert isinstance(_PLACE, BoxTopic)
    intake.plain.learn(topic(), _PLACE)
    ways = []
    for seq in range(4):
        known = intake.plain.admit(topic(), encode(reading(seq, START)))
        ways.append(known is not None)
        if known is None:
            intake.admit(topic(), encode(reading(seq, START)), NOW_S)

    assert ways == [False, True, True, True]
    assert intake.plain.admit(topic(Kind.URGENT), encode(reading(4, START))) is None


def test_a_box_that_is_turned_away_has_no_short_way() -> None:
    """From the moment at which the registry says so."""
    registry = Registry()
    intake = _intake(registry)
    assert isinstance(_PLACE, BoxTopic)
    intake.plain.learn(topic(), _PLACE)
    intake.admit(topic(), encode(reading(0, START)), NOW_S)
    before = intake.plain.admit(topic(), encode(reading(1, START)))
    registry.enrol(
        RegistryUpdate(
            revision=1,
            reset=True,
            unknown=UnknownDevices.FLAG,
            boxes=(BoxEntry(box=BOX, district=DISTRICT, site=SITE, lifecycle=Lifecycle.RETIRED),),
        )
    )
    after = intake.plain.admit(topic(), encode(reading(2, START)))

    assert before is not None
    assert after is None
