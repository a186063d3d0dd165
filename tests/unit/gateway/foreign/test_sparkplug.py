"""Sparkplug B sessions over bytes of the reference encoder."""

import pytest

from gateway.foreign.errors import ForeignReason, ForeignRejected, ForeignSkipped
from gateway.foreign.sparkplug_payload import (
    decode_sparkplug,
    encode_rebirth,
    payload_class,
    typed_value,
)
from gateway.foreign.translator import Translator
from tests.unit.gateway.foreign.golden import (
    DEVICE,
    NODE,
    NOW_US,
    SPARKPLUG,
    T,
    device,
    seen,
    translator,
)


def _node() -> Translator:
    return translator("sparkplug-b", device("sparkplug-b", "bay/pump-1/well", "water_level"))


def _born() -> Translator:
    made = _node()
    made.translate(NODE.format("NBIRTH"), SPARKPLUG["nbirth"], NOW_US)
    made.translate(DEVICE.format("DBIRTH"), SPARKPLUG["dbirth"], NOW_US)
    return made


def test_birth_brings_values_with_the_unit_of_their_property() -> None:
    """A device's birth is its first reading, in the unit of its engUnit."""
    made = _node()
    made.translate(NODE.format("NBIRTH"), SPARKPLUG["nbirth"], NOW_US)

    assert seen(made, DEVICE.format("DBIRTH"), SPARKPLUG["dbirth"]) == [
        ("sensor-1", T + 1.0, {"depth_m": 0.25}, {"depth_m": "m"})
    ]


def test_data_by_alias_takes_its_name_from_the_birth() -> None:
    """Data that carries only an alias and a number is read as the birth said."""
    assert seen(_born(), DEVICE.format("DDATA"), SPARKPLUG["ddata"]) == [
        ("sensor-1", T + 2.0, {"depth_m": 0.5}, {"depth_m": "m"})
    ]


def test_historical_metric_keeps_its_own_time() -> None:
    """What a node stored while away is of then, and counted."""
    made = _born()
    made.translate(DEVICE.format("DDATA"), SPARKPLUG["ddata"], NOW_US)
    found = seen(made, DEVICE.format("DDATA"), SPARKPLUG["historical"])

    assert [(at, values) for _, at, values, _ in found] == [(T - 60.0, {"depth_m": 0.125})]
    assert made.nodes.historical == 1
    assert made.nodes.gaps == 0


def test_values_follow_their_data_type() -> None:
    """Signed integers travel as unsigned ones; nulls and moments are no values."""
    metrics = decode_sparkplug(SPARKPLUG["types"]).metrics

    assert {m.name: typed_value(m.raw, m.datatype) for m in metrics} == {
        "i8": -1.0,
        "i32": -100_000.0,
        "i64": -5.0,
        "u32": 4_000_000_000.0,
        "d": 1.5,
        "when": None,
        "nul": None,
    }


@pytest.mark.parametrize(
    ("kind", "death"), [("nothing", None), ("death", "ndeath")], ids=["never-born", "dead"]
)
def test_data_without_a_living_birth_is_rejected_and_a_rebirth_wanted(
    kind: str, death: str | None
) -> None:
    """Neither a node that was never heard nor a dead one can speak in aliases."""
    made = _node() if death is None else _born()
    if death is not None:
        made.translate(NODE.format("NDEATH"), SPARKPLUG[death], NOW_US)
    with pytest.raises(ForeignRejected) as caught:
        made.translate(DEVICE.format("DDATA"), SPARKPLUG["ddata"], NOW_US)

    assert caught.value.reason is ForeignReason.NO_BIRTH
    assert made.nodes.wants_rebirth == {("bay", "pump-1")}


def test_death_of_an_older_session_changes_nothing() -> None:
    """A last will whose bdSeq a newer birth has replaced is ignored."""
    made = _born()
    with pytest.raises(ForeignSkipped):
        made.translate(NODE.format("NDEATH"), SPARKPLUG["ndeath_old"], NOW_US)

    assert seen(made, DEVICE.format("DDATA"), SPARKPLUG["ddata"]) != []


def test_missing_sequence_number_is_counted_and_a_rebirth_wanted() -> None:
    """A gap in seq says that something was lost."""
    made = _born()
    made.translate(DEVICE.format("DDATA"), SPARKPLUG["historical"], NOW_US)

    assert made.nodes.gaps == 1
    assert made.nodes.wants_rebirth == {("bay", "pump-1")}


def test_sessions_survive_a_checkpoint() -> None:
    """Aliases learned before a restart are known after it."""
    made = _born()
    other = _node()
    other.restore({key: blob for key, blob in made.take_dirty().items() if blob is not None})

    assert seen(other, DEVICE.format("DDATA"), SPARKPLUG["ddata"]) == seen(
        made, DEVICE.format("DDATA"), SPARKPLUG["ddata"]
    )


def test_reading_again_changes_no_state() -> None:
    """A replay for telemetry alone leaves sessions as they are."""
    made = _born()
    made.take_dirty()
    for name, topic in (("ndeath", NODE.format("NDEATH")), ("ddata", DEVICE.format("DDATA"))):
        made.translate(topic, SPARKPLUG[name], NOW_US, again=True)

    assert made.take_dirty() == {}
    assert made.nodes.gaps == 0


def test_unregistered_device_is_rejected_but_its_numbers_count() -> None:
    """A device nobody registered makes no gap for its neighbours."""
    made = _born()
    with pytest.raises(ForeignRejected) as caught:
        made.translate("spBv1.0/bay/DDATA/pump-1/other", SPARKPLUG["ddata"], NOW_US)
    made.translate(DEVICE.format("DDATA"), SPARKPLUG["historical"], NOW_US)

    assert caught.value.reason is ForeignReason.UNKNOWN_DEVICE
    assert made.nodes.gaps == 0


def test_rebirth_command_is_what_the_reference_decoder_reads() -> None:
    """The command is a Boolean metric of the standard's name."""
    message = payload_class()()
    message.ParseFromString(encode_rebirth(float(T)))

    assert message.metrics[0].name == "Node Control/Rebirth"
    assert message.metrics[0].boolean_value is True
    assert message.timestamp == T * 1000
