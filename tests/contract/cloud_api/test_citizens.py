"""Contract of people's reports: followed, told, rated, withdrawn, on each database."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import select

from cloud_api.bootstrap import Api, build
from cloud_api.case_desk import Deed
from cloud_api.case_projection import Case
from cloud_api.citizens.outcome import case_of_order, outcome_of
from cloud_api.citizens.reports import Report, TakenReport
from cloud_api.config import ApiConfig
from cloud_api.errors import InvalidInput, NotFound
from cloud_api.flow import State
from cloud_api.guards import MoveRequest
from cloud_api.keys import Role
from cloud_api.notices.plan import Language
from cloud_api.notices.senders import MemorySender
from cloud_api.notices.tables import notice_log
from cloud_api.orders.order import subject_of
from contracts.envelope import Place
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START

PLAN = """
channels:
- {id: mail, url_env: NONE, address: email}
- {id: sms, url_env: NONE, address: phone}
reporters: {channels: [mail, sms], language: zh}
"""
HERE = Place(lon=114.05, lat=22.54)


@pytest.fixture
def sender() -> MemorySender:
    """What was sent."""
    return MemorySender()


@pytest.fixture
def city(
    config: ApiConfig, clock: ManualClock, sender: MemorySender, tmp_path: Path
) -> Iterator[Api]:
    """An API that tells reporters."""
    (tmp_path / "notices.yaml").write_text(PLAN)
    built = build(
        msgspec.structs.replace(config, notices=str(tmp_path / "notices.yaml")),
        clock,
        sender=sender,
    )
    built.step(START)
    yield built
    built.close()


def _report(api: Api, once: str = "1", **contact: str) -> TakenReport:
    report = Report(
        service_code="2-04-06", channel="app", place=HERE, text="水很深", contact=contact
    )
    taken = api.services.reports.take(report, once=once, now=START)
    api.step(START)
    return taken


def _case(api: Api, taken: TakenReport) -> Case:
    with api.services.store.read() as connection:
        case = case_of_order(connection, taken.order_id)
    assert case is not None
    return case


def _move(api: Api, case: Case, to: State, **fields: str) -> None:
    request = MoveRequest(to, reason=fields.pop("reason", "done"), **fields)  # type: ignore[arg-type]
    api.services.desk.move(Deed(case.case_id, "ann", START + timedelta(minutes=1)), request)
    api.step(START + timedelta(minutes=1))


def _void(api: Api, case: Case, reason: str) -> None:
    _move(api, case, State.VOID, reason=reason, approved_by="bob")


def test_a_report_waits_for_its_first_check(city: Api) -> None:
    """It is a case of the class that was named."""
    case = _case(city, _report(city))

    assert (case.state, case.class_code, case.discovery) == (State.COLLECTED, "2-04-06", "passive")


def test_every_reporter_is_told_of_merge_and_end(city: Api, sender: MemorySender) -> None:
    """Each through what he left; the code is put in as the message leaves, not into the log."""
    first, second = _report(city, "1", email="a@x.test"), _report(city, "2", phone="+86 1")
    parent, child = _case(city, first), _case(city, second)
    _move(city, child, State.MERGED, into_case=parent.case_id)
    _void(city, parent, "already known")

    told = [(m.channel, m.address, m.title) for m in sender.sent]
    assert told == [
        ("sms", "+86 1", "您反映的问题已并案"),
        ("mail", "a@x.test", "您反映的问题未予受理"),
        ("sms", "+86 1", "您反映的问题未予受理"),
    ]
    assert second.code in sender.sent[0].body
    assert parent.number in sender.sent[0].body
    assert "already known" in sender.sent[1].body
    with city.services.store.read() as connection:
        bodies = [bytes(body) for body in connection.scalars(select(notice_log.c.body))]
    assert not any(second.code.encode() in body or b"a@x.test" in body for body in bodies)


def test_who_wants_no_answer_is_sent_none(city: Api, sender: MemorySender) -> None:
    """The address stays for questions; the wish is written where people see it."""
    report = Report(
        service_code="2-04-06",
        channel="phone",
        place=HERE,
        contact={"phone": "+86 1"},
        answer="none",
    )
    taken = city.services.reports.take(report, once="1", now=START)
    city.step(START)
    _void(city, _case(city, taken), "already known")

    assert sender.sent == []
    assert city.services.reports.find(taken.code).order.extension["answer"] == "none"


def test_a_merged_report_stands_as_the_leading_one(city: Api) -> None:
    """It is open while that one is, and its answer is that one's."""
    parent, child = _case(city, _report(city, "1")), _case(city, second := _report(city, "2"))
    _move(city, child, State.MERGED, into_case=parent.case_id)

    def outcome() -> tuple[bool, str, str]:
        with city.services.store.read() as connection:
            found = outcome_of(connection, _case(city, second), city.services.flows)
        return found.open, found.leading.case_id, found.answer(Language.EN)

    before = outcome()
    _void(city, parent, "already known")

    assert before == (True, parent.case_id, "")
    assert outcome() == (False, parent.case_id, "already known")


def _asked(api: Api, path: str, language: str) -> httpx.Response:
    token = api.services.keys.create("app", Role.APP, START)[1]
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(send())


@pytest.mark.parametrize(
    ("language", "refused", "together", "filed"),
    [
        ("zh-CN,en;q=0.5", "不予受理：already known", "与 {} 一并处理; already known", "已立案"),
        ("en", "not accepted: already known", "handled with {}; already known", "filed"),
    ],
    ids=["zh", "en"],
)
def test_apps_are_answered_in_the_language_they_ask_for(
    city: Api, language: str, refused: str, together: str, filed: str
) -> None:
    """The system's words, and what it calls a state; people's words stay as they are."""
    first, second, third = _report(city, "1"), _report(city, "2"), _report(city, "3")
    parent = _case(city, first)
    _move(city, _case(city, second), State.MERGED, into_case=parent.case_id)
    _move(city, _case(city, third), State.FILED)
    _void(city, parent, "already known")
    answers = [
        _asked(city, f"/open311/v2/requests/{taken.order_id}.json", language)
        for taken in (first, second, third)
    ]
    tracked = _asked(city, f"/v1/track/{first.code}", language)

    notes = [answer.json()[0]["status_notes"] for answer in answers]
    assert notes == [refused, together.format(parent.number), filed]
    assert {answer.headers["Content-Language"] for answer in (*answers, tracked)} == {language[:2]}


def test_the_code_finds_the_report_and_nothing_else_does(city: Api) -> None:
    """The order's id is no code."""
    taken = _report(city)
    found = city.services.reports.find(taken.code.lower())

    assert found.order_id == taken.order_id
    for wrong in (taken.order_id, "AAAA-AAAA-AAAA-AAAA", "' OR 1=1 --"):
        with pytest.raises(NotFound):
            city.services.reports.find(wrong)


def test_the_same_again_is_the_same_report(city: Api) -> None:
    """An app that lost the answer gets the same code again."""
    first, again = _report(city, "k"), _report(city, "k")

    assert (again.order_id, again.code, again.new) == (first.order_id, first.code, False)


def test_who_withdraws_is_told_nothing_any_more(city: Api, sender: MemorySender) -> None:
    """Words and address are unreadable; the matter goes on."""
    taken = _report(city, "1", email="a@x.test")
    city.services.vault.shred(subject_of(taken.order_id), START)
    _void(city, _case(city, taken), "r")

    assert sender.sent == []
    assert _case(city, taken).state is State.VOID


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"service_code": "nonsense"}, "no class", id="class"),
        pytest.param({"place": None}, "where it is", id="nowhere"),
        pytest.param({"pictures": ("a" * 64,)}, "not stored", id="picture"),
    ],
)
def test_a_report_that_cannot_be_handled_is_refused(
    city: Api, changes: dict[str, object], why: str
) -> None:
    """The reporter is told what is wrong while he is there."""
    report = msgspec.structs.replace(
        Report(service_code="2-04-06", channel="app", place=HERE), **changes
    )

    with pytest.raises(InvalidInput, match=why):
        city.services.reports.take(report, once="1", now=START)
