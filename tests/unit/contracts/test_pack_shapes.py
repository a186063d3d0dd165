"""Packs of known shape resolve as they would if nothing were known of them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.alike_pack import resolve_alike
from contracts.envelope import Channel
from contracts.errors import ContractError
from contracts.quality import QualityFlag
from contracts.readings import Readings, Record, SubjectReading, resolve_pack

_RECORDS = st.builds(
    Record,
    bn=st.sampled_from([None, "uw-1/", "uw-2/", "uw-", "UW/", "a/b/"]),
    bt=st.sampled_from([None, None, None, -3.0, 2e9]),
    bu=st.sampled_from([None, None, None, "Cel"]),
    profile=st.sampled_from([None, "water_level", "dust"]),
    n=st.sampled_from(["depth_m", "depth_m", "pm10_ug_m3", "3/depth_m", None]),
    u=st.sampled_from([None, "m", "m", "parsec"]),
    v=st.sampled_from([0.1, 0.2, None]),
    vs=st.sampled_from([None, None, None, "open"]),
    vb=st.sampled_from([None, None, None, True]),
    t=st.sampled_from([None, None, None, 1.5]),
    q=st.sampled_from([None, None, None, QualityFlag.SUSPECT]),
)
_PLAIN = st.builds(
    Record,
    bn=st.sampled_from(["uw-1/", "uw-2/", "uw-3/"]),
    bt=st.sampled_from([None, None, -3.0]),
    profile=st.just("water_level"),
    n=st.just("depth_m"),
    u=st.just("m"),
    v=st.floats(0.0, 1.0),
)
_PACKS = st.lists(st.lists(_PLAIN | _RECORDS, min_size=1, max_size=5), min_size=1, max_size=6)


def _resolved(records: list[Record]) -> list[SubjectReading] | str:
    """Return what a pack resolves to, or what is wrong with it."""
    message = Readings(
        id="box-1/00000000000000aa/readings/0",
        box="box-1",
        boot_id="00000000000000aa",
        channel=Channel.READINGS,
        seq=0,
        at=datetime(2026, 11, 22, tzinfo=UTC),
        records=tuple(records),
    )
    try:
        return list(resolve_pack(message))
    except ContractError as error:
        return str(error)


@given(_PACKS)
def test_what_was_resolved_before_changes_nothing(packs: list[list[Record]]) -> None:
    """A pack resolves the same after any others as it does when it is the first one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("contracts.alike_pack._shapes", {})
        after = [_resolved(pack) for pack in packs + packs]
        alone = []
        for pack in packs + packs:
            patch.setattr("contracts.alike_pack._shapes", {})
            alone.append(_resolved(pack))

    assert alone == after


def test_the_memo_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """More sensors than it may hold make it begin anew."""
    shapes: dict[str, object] = {}
    monkeypatch.setattr("contracts.alike_pack._shapes", shapes)
    monkeypatch.setattr("contracts.alike_pack._MOST_SHAPES", 10)
    for index in range(25):
        _resolved([Record(bn=f"uw-{index}/", profile="water_level", n="depth_m", u="m", v=0.1)])

    assert len(shapes) == 5


def test_a_pack_in_columns_is_a_list_of_readings() -> None:
    """Its readings, one, several or all, are those that the records say."""
    records = [
        Record(bn=f"uw-{index}/", profile="water_level", n="depth_m", u="m", v=index / 8.0)
        for index in range(4)
    ]
    _resolved(records)
    again = resolve_alike(records, 1_767_225_600.0)

    assert again is not None
    assert len(again) == 4
    assert again[3] == SubjectReading(
        "uw-3", "water_level", 1_767_225_600.0, {"depth_m": 0.375}, {"depth_m": "m"}
    )
    assert [one.subject for one in again[1:3]] == ["uw-1", "uw-2"]
    assert [one.values["depth_m"] for one in again] == [0.0, 0.125, 0.25, 0.375]
