"""Devices and boxes as one list: how each is, and what narrows it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cloud_api.devices.inventory import Asset, AssetFilter, AssetState, Fault, assets, chosen
from contracts.envelope import Place
from contracts.registry import BoxEntry, BoxReport, DeviceEntry, Lifecycle

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
WHERE: dict[str, Any] = {"district": "futian", "site": "bay-road"}
BOX = BoxEntry(box="b-1", name="Bay Road box", **WHERE)
WATER = DeviceEntry(
    device="wl-1",
    profile="water_level",
    box="b-1",
    place=Place(lon=114.0, lat=22.5, grid="440304001001"),
    **WHERE,
)
REPORT = BoxReport(box="b-1", online=True, heard_at=NOW, here=("wl-1",), **WHERE)


def one(entry: DeviceEntry | BoxEntry, report: BoxReport | None, *, true: bool = True) -> Asset:
    """Return how one entry is."""
    heard = {} if report is None else {report.box: (report, true)}
    return next(assets([entry], heard, NOW))


@pytest.mark.parametrize(
    ("entry", "report", "true", "state"),
    [
        pytest.param(WATER, REPORT, True, AssetState.ONLINE, id="here"),
        pytest.param(WATER, REPORT, False, AssetState.UNKNOWN, id="the gateway fell silent"),
        pytest.param(WATER, None, True, AssetState.UNKNOWN, id="nobody told"),
        pytest.param(BOX, REPORT, True, AssetState.ONLINE, id="a box"),
        pytest.param(BOX, REPORT, False, AssetState.UNKNOWN, id="a box of long ago"),
        pytest.param(
            DeviceEntry(device="wl-1", profile="noise", lifecycle=Lifecycle.PLANNED, **WHERE),
            REPORT,
            True,
            AssetState.PLANNED,
            id="not installed yet, whatever it says",
        ),
    ],
)
def test_a_state_is_the_gateway_s_word_while_it_is_fresh(
    entry: DeviceEntry | BoxEntry, report: BoxReport | None, *, true: bool, state: AssetState
) -> None:
    """Neither online nor offline is said of what nobody has told lately."""
    assert one(entry, report, true=true).state is state


def test_a_silent_device_has_its_newest_time() -> None:
    """Since when it is away is its own newest time, not its box's."""
    spoke_at = NOW - timedelta(minutes=20)
    report = BoxReport(box="b-1", online=True, heard_at=NOW, silent={"wl-1": spoke_at}, **WHERE)
    found = one(WATER, report)

    assert (found.state, found.heard_at) == (AssetState.OFFLINE, spoke_at)
    assert found.faults == (Fault.SILENT,)


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        pytest.param({}, (), id="none"),
        pytest.param({"clock_offset_s": -1.5}, (Fault.CLOCK,), id="clock"),
        pytest.param({"clock_offset_s": 0.9}, (), id="a clock within a second"),
        pytest.param({"counters": {"future": 2}}, (Fault.CLOCK,), id="stamps in the future"),
        pytest.param({"counters": {"missing": 4}}, (Fault.GAPS,), id="gaps"),
        pytest.param({"sections": {"hub": "refused: its own"}}, (Fault.REFUSED,), id="refused"),
        pytest.param({"sections": {"cameras.a": "needs restart: url"}}, (Fault.RESTART,), id="restart"),
        pytest.param({"online": False}, (Fault.SILENT,), id="offline"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_box(changes: dict[str, object], faults: tuple[Fault, ...]) -> None:
    """Each fault has its sign in the gateway's report."""
    values: dict[str, Any] = {"box": "b-1", "online": True, "heard_at": NOW, **WHERE} | changes

    assert one(BOX, BoxReport(**values)).faults == faults


def test_an_overdue_calibration_is_a_fault_from_the_next_day_on() -> None:
    """The day itself is not over yet."""
    due = [
        one(DeviceEntry(device="wl-1", profile="noise", calibration_due_on=day, **WHERE), REPORT)
        for day in (date(2026, 6, 30), date(2026, 7, 1))
    ]

    assert [each.faults for each in due] == [(Fault.CALIBRATION,), ()]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        pytest.param(AssetFilter(), ["b-1", "wl-1"], id="all"),
        pytest.param(AssetFilter(text="BAY road BOX"), ["b-1"], id="part of a name"),
        pytest.param(AssetFilter(kind="sensor"), ["wl-1"], id="kind"),
        pytest.param(AssetFilter(profile="water_level"), ["wl-1"], id="class"),
        pytest.param(AssetFilter(grid="440304"), ["wl-1"], id="cell"),
        pytest.param(AssetFilter(grid="440305"), [], id="another cell"),
        pytest.param(AssetFilter(box="b-1"), ["b-1", "wl-1"], id="box"),
        pytest.param(AssetFilter(district="nanshan"), [], id="another district"),
        pytest.param(AssetFilter(faulty=True), [], id="in trouble"),
    ],
)
def test_filters_narrow(wanted: AssetFilter, ids: list[str]) -> None:
    """Each filter alone; boxes come before devices."""
    found = list(assets([BOX, WATER], {"b-1": (REPORT, True)}, NOW))

    assert [each.id for each in chosen(found, wanted)] == ids


def test_who_is_in_trouble_comes_first() -> None:
    """The order within both halves stays."""
    silent = BoxReport(box="b-1", online=True, heard_at=NOW, silent={"wl-1": None}, **WHERE)
    found = assets([BOX, WATER], {"b-1": (silent, True)}, NOW)

    assert [each.id for each in chosen(found, AssetFilter())] == ["wl-1", "b-1"]
