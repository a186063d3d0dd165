"""Contract of the registry of devices, on each database."""

from datetime import date

import pytest

from cloud_api.bootstrap import Api
from cloud_api.devices.register import DeviceRegister, EntryFilter, EntryKind
from cloud_api.devices.sheet import read_sheet, write_sheet
from cloud_api.errors import NotFound
from contracts.envelope import Place
from contracts.registry import BoxEntry, DeviceEntry, Lifecycle
from tests.contract.cloud_api.events import START

WATER = DeviceEntry(
    device="water-1",
    profile="water_level",
    district="nanshan",
    site="bay-road",
    box="box-1",
    name="=Bay Road, north",
    place=Place(lon=113.93, lat=22.53, accuracy_m=3.0, grid="440305001001001"),
    owner="water",
    calibrated_on=date(2026, 5, 1),
    cadence_s=10.0,
    priority=0,
)
BOX = BoxEntry(box="box-1", district="nanshan", site="bay-road")


@pytest.fixture
def register(api: Api) -> DeviceRegister:
    """The register of an empty database."""
    return DeviceRegister(api.services.store)


def moved(device: DeviceEntry, district: str) -> DeviceEntry:
    """Return a device in another district."""
    return DeviceEntry(
        device=device.device, profile=device.profile, district=district, site=device.site
    )


def test_what_was_put_can_be_got(register: DeviceRegister) -> None:
    """An entry comes back as it was given, with the revision of its change."""
    assert register.put([WATER, BOX], START, "admin") == 2

    assert register.get(EntryKind.DEVICE, "water-1") == (WATER, 1)
    assert register.get(EntryKind.BOX, "box-1") == (BOX, 2)


def test_the_same_again_changes_nothing(register: DeviceRegister) -> None:
    """Putting what is there already makes no new revision, so nobody has to fetch it."""
    register.put([WATER, BOX], START, "admin")

    assert register.put([WATER, BOX], START, "admin") == 0
    assert register.revision() == 2


def test_pages_follow_the_changes(register: DeviceRegister) -> None:
    """Whoever asks page by page sees every entry once, and is told when it was the last."""
    devices = [
        DeviceEntry(device=f"lamp-{n}", profile="street_lamp", district="nanshan", site="s")
        for n in range(5)
    ]
    register.put(devices, START, "admin")

    first = register.changes(0, (), limit=3)
    second = register.changes(first.revision, (), limit=3)

    assert (
        first.revision,
        first.complete,
        second.revision,
        second.complete,
    ) == (3, False, 5, True)
    assert devices == [*first.devices, *second.devices]


def test_who_is_struck_off_is_named_to_those_who_knew_him(register: DeviceRegister) -> None:
    """A removal reaches pollers, and a newcomer hears nothing of it."""
    register.put([WATER], START, "admin")
    register.remove(EntryKind.DEVICE, "water-1", START, "admin")

    assert register.changes(1, (), limit=10).gone_devices == ("water-1",)
    assert register.changes(0, (), limit=10).gone_devices == ()
    assert register.find(EntryKind.DEVICE, "water-1") is None
    with pytest.raises(NotFound, match="water-1"):
        register.remove(EntryKind.DEVICE, "water-1", START, "admin")


def test_who_moves_away_is_gone_for_the_old_district(register: DeviceRegister) -> None:
    """A gateway of one district forgets a device that went to another."""
    register.put([WATER], START, "admin")
    register.put([moved(WATER, "futian")], START, "admin")

    assert register.changes(1, ("nanshan",), limit=10).gone_devices == ("water-1",)
    assert register.changes(1, ("futian",), limit=10).devices[0].device == "water-1"


def test_lists_are_filtered_and_paged(register: DeviceRegister) -> None:
    """Each filter holds, and a list goes on behind the last id."""
    lamp = DeviceEntry(
        device="lamp-1",
        profile="street_lamp",
        district="futian",
        site="s",
        lifecycle=Lifecycle.PLANNED,
    )
    register.put([WATER, lamp], START, "admin")

    def names(chosen: EntryFilter, after: str = "") -> list[str]:
        found = register.list(EntryKind.DEVICE, chosen, after=after, limit=10)
        return [item.entry.device for item in found if isinstance(item.entry, DeviceEntry)]

    assert names(EntryFilter()) == ["lamp-1", "water-1"]
    assert names(EntryFilter(), after="lamp-1") == ["water-1"]
    assert names(EntryFilter(profile="water_level")) == ["water-1"]
    assert names(EntryFilter(lifecycle="planned")) == ["lamp-1"]
    assert names(EntryFilter(district="nanshan", box="box-1")) == ["water-1"]


def test_a_sheet_comes_back_as_it_went(register: DeviceRegister) -> None:
    """CSV out and in again is the same registry, and formulas are disarmed on the way."""
    text = write_sheet([WATER], DeviceEntry)

    assert "'=Bay Road, north" in text
    assert read_sheet(text, DeviceEntry) == ([WATER], [])


def test_faults_of_a_sheet_name_their_line(register: DeviceRegister) -> None:
    """Every bad line is told with its number; good ones are read all the same."""
    text = (
        "device,profile,district,site,lon,lat\r\n"
        "good-1,street_lamp,nanshan,s,113.9,22.5\r\n"
        "bad id,street_lamp,nanshan,s,,\r\n"
        "bad-2,thermometer,nanshan,s,,\r\n"
        "bad-3,street_lamp,nanshan,s,east,22.5\r\n"
        "good-1,street_lamp,nanshan,s,,\r\n"
    )

    entries, faults = read_sheet(text, DeviceEntry)

    assert [e.device for e in entries if isinstance(e, DeviceEntry)] == ["good-1"]
    assert [fault.line for fault in faults] == [3, 4, 5, 6]
    assert "thermometer" in faults[1].detail
    assert "'east' is no number" in faults[2].detail
    assert "line 2" in faults[3].detail
