"""Contract of desired configuration, enrolment and reports, on each database."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select

from cloud_api.bootstrap import Api
from cloud_api.devices.desired import DesiredConfigs
from cloud_api.devices.enrolment import Enrolment
from cloud_api.devices.register import DeviceRegister
from cloud_api.devices.reports import FleetReports
from cloud_api.devices.tables import box_logins, enrolment_tokens
from cloud_api.errors import Unauthenticated, VersionMismatch
from cloud_api.keys import Role
from contracts.registry import (
    BoxEntry,
    BoxReport,
    DeviceEntry,
    FleetReport,
    Lifecycle,
    OnlineRate,
    OrderReport,
    desired_sha256,
)
from tests.contract.cloud_api.events import START

BOX = BoxEntry(box="box-1", district="nanshan", site="bay-road")


def a_token(enrolment: Enrolment, ttl_s: float = 60.0) -> str:
    """Return a fresh token for the box."""
    return enrolment.create_token("box-1", "nanshan", "bay-road", START, ttl_s=ttl_s, by="a")[1]


@pytest.fixture
def enrolment(api: Api) -> Enrolment:
    """The enrolment of an empty database."""
    return Enrolment(api.services.store, api.services.keys)


def test_a_new_configuration_is_a_new_version(api: Api) -> None:
    """Versions count up, the newest is desired, and the same again makes none."""
    desired = DesiredConfigs(api.services.store)
    first = desired.set(BOX, {"status_every_s": 5}, START, by="a", reason="try")
    same = desired.set(BOX, {"status_every_s": 5}, START, by="a", reason="again")
    second = desired.set(BOX, {"status_every_s": 9}, START, by="a", reason="more")

    assert (first.version, same.version, second.version) == (1, 1, 2)
    assert second.sha256 == desired_sha256({"status_every_s": 9})
    assert desired.newest("box-1") == second
    assert [item.config.version for item in desired.history("box-1", limit=9)] == [2, 1]
    assert desired.versions(["box-1", "box-2"]) == {"box-1": (2, second.sha256)}


def test_two_editors_do_not_overwrite_each_other(api: Api) -> None:
    """Who has seen an older version is told so."""
    desired = DesiredConfigs(api.services.store)
    desired.set(BOX, {"status_every_s": 5}, START, by="a", reason="try", version=0)

    with pytest.raises(VersionMismatch, match="version 1"):
        desired.set(BOX, {"status_every_s": 7}, START, by="b", reason="try", version=0)


def test_pollers_get_the_newest_version_of_each_box(api: Api) -> None:
    """A page holds one configuration a box; another district's are left out."""
    desired = DesiredConfigs(api.services.store)
    for seconds in (5, 6):
        desired.set(BOX, {"status_every_s": seconds}, START, by="a", reason="r")
    other = msgspec.structs.replace(BOX, box="box-2", district="futian")
    desired.set(other, {}, START, by="a", reason="r")

    page = desired.changes(0, ("nanshan",), limit=10)

    assert [(c.box, c.version) for c in page.configs] == [("box-1", 2)]
    assert (page.revision, page.complete) == (3, True)
    assert desired.changes(3, (), limit=10).configs == ()


def test_a_token_becomes_a_login_and_a_key(api: Api, enrolment: Enrolment) -> None:
    """The box gets a password whose hash the hub gets, and a key of role box."""
    enrolled = enrolment.enrol(a_token(enrolment), START)

    (login,) = enrolment.logins().boxes
    assert (login.box, login.district, login.site) == ("box-1", "nanshan", "bay-road")
    assert login.password_hash.startswith("$2a$04$")
    assert api.services.keys.identify(enrolled.api_key).role is Role.BOX


@pytest.mark.parametrize("spoil", ["used", "expired", "revoked", "forged"])
def test_a_token_that_is_not_good_is_refused(enrolment: Enrolment, spoil: str) -> None:
    """Used, expired, revoked and forged tokens look alike, and nobody gets a login."""
    token = a_token(enrolment)
    now = START
    if spoil == "used":
        enrolment.enrol(token, START)
    elif spoil == "expired":
        now = START + timedelta(seconds=60)
    elif spoil == "revoked":
        enrolment.revoke_token(enrolment.tokens()[0].token_id, START)
    else:
        token = token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB")
    before = enrolment.revision()

    with pytest.raises(Unauthenticated):
        enrolment.enrol(token, now)

    assert enrolment.revision() == before


def test_secrets_are_stored_as_hashes(api: Api, enrolment: Enrolment) -> None:
    """Nothing in the database gives token or password away."""
    token = a_token(enrolment)
    enrolled = enrolment.enrol(token, START)

    with api.services.store.read() as connection:
        rows = [
            *connection.execute(select(enrolment_tokens)),
            *connection.execute(select(box_logins)),
        ]
    text = repr(rows)

    assert token.split("_", 2)[2] not in text
    assert enrolled.password not in text


def test_a_revoked_box_has_neither_login_nor_key(api: Api, enrolment: Enrolment) -> None:
    """Revocation takes both away and gives pollers a new revision."""
    enrolled = enrolment.enrol(a_token(enrolment), START)
    before = enrolment.revision()

    enrolment.revoke_box("box-1", START, by="admin")

    assert enrolment.logins().boxes == ()
    assert enrolment.revision() > before
    with pytest.raises(Unauthenticated):
        api.services.keys.identify(enrolled.api_key)


def test_enrolling_again_replaces_login_and_key(api: Api, enrolment: Enrolment) -> None:
    """A box that was set up anew gets new secrets, and the old ones are worthless."""
    first = enrolment.enrol(a_token(enrolment), START)
    second = enrolment.enrol(a_token(enrolment), START)

    assert len(enrolment.logins().boxes) == 1
    assert api.services.keys.identify(second.api_key).name == "box-1"
    with pytest.raises(Unauthenticated):
        api.services.keys.identify(first.api_key)


def report(minute: int, *rates: OnlineRate, online: bool = True) -> FleetReport:
    """Return a gateway's report of one box."""
    return FleetReport(
        gateway="gateway",
        at=START + timedelta(minutes=minute),
        boxes=(BoxReport(box="box-1", district="nanshan", site="bay-road", online=online),),
        rates=rates,
    )


def test_an_older_report_changes_nothing(api: Api) -> None:
    """Reports may come twice and out of order; the newest counts."""
    reports = FleetReports(api.services.store)
    reports.take(report(2, online=False))

    assert reports.take(report(1)) == 0
    assert not reports.states(["box-1"])["box-1"].online


def test_the_online_rate_is_measured_or_it_is_not(api: Api) -> None:
    """Without devices, or without a fresh word of a gateway, there is no rate: not 0, not 100 %."""
    store = api.services.store
    devices = [
        DeviceEntry(device="water-1", profile="water_level", district="nanshan", site="s"),
        DeviceEntry(device="lamp-1", profile="street_lamp", district="nanshan", site="s"),
        DeviceEntry(
            device="lamp-2",
            profile="street_lamp",
            district="nanshan",
            site="s",
            lifecycle=Lifecycle.RETIRED,
        ),
    ]
    DeviceRegister(store).put(devices, START, "a")
    reports = FleetReports(store)
    lamps = OnlineRate(district="nanshan", profile="street_lamp", devices=4, online=3)
    nothing = OnlineRate(district="nanshan", profile="noise", devices=0, online=0)
    reports.take(report(0, lamps, nothing))

    def found(minutes: int) -> dict[str, tuple[int, float | None]]:
        rates = reports.rates(START + timedelta(minutes=minutes))
        return {rate.profile: (rate.registered, rate.ratio) for rate in rates}

    assert found(1) == {
        "street_lamp": (1, 0.75),
        "water_level": (1, None),
        "noise": (0, None),
    }
    assert found(60) == {"street_lamp": (1, None), "water_level": (1, None)}


def test_orders_are_kept_by_event_and_stay_settled(api: Api) -> None:
    """The latest word counts, but an older report does not open a settled order again."""
    reports = FleetReports(api.services.store)
    event = "00000000-0000-5000-8000-000000000001"
    waiting = OrderReport(
        id="order-1",
        event_id=event,
        rev=0,
        rule="alarm",
        device="sign-1",
        kind="give",
        command="sign.show",
        state="sent",
        detail="",
        made_at=START,
    )
    done = msgspec.structs.replace(waiting, state="done", settled_at=START)
    for minute, word in enumerate((waiting, done, waiting)):
        at = START + timedelta(minutes=minute)
        reports.take(FleetReport(gateway="gateway", at=at, orders=(word,)))

    assert reports.orders(event_id=event, limit=9) == [done]
    assert reports.orders(event_id=None, limit=9) == [done]
    assert reports.orders(event_id="0" * 36, limit=9) == []
